"""Distributions of random networks that ship with the package."""
