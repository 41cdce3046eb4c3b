"""Trainers, one YAML each."""
