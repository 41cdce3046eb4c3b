"""Other ways in than HTTP."""
