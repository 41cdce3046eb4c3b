"""Shipped disruptions."""
