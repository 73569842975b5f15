"""Evaluation: nothing yet; the folder keeps its place in the package."""
