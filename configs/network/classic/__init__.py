"""Textbook networks with known optima."""
