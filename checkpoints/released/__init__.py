"""Trained inference modules that ship in the package."""
