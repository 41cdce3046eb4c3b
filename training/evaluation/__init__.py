"""Policies on shared held-out scenarios."""
