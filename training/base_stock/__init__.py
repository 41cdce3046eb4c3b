"""The base-stock rule, tuned."""
