"""Demand of the classic networks."""
