"""YAML that a person edits, and the loader that reads it."""
