"""Warehouses position by position."""
