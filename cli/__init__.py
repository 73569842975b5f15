"""The `crosearch` command: it parses what it is told and prints what comes back."""
