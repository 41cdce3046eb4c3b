"""Orders on their way to whoever places them."""
