"""Textbook networks, whose optima are known."""
