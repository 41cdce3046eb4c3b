"""Rules that are tuned, one YAML each."""
