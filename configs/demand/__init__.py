"""Demand models that ship with the package."""
