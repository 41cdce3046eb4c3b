"""Textbook demand."""
