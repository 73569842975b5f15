"""What trains: so far the embedded embedder."""
