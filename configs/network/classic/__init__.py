"""Textbook networks with known optima; see docs/optimality.md."""
