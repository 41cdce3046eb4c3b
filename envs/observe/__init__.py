"""From the world to what is known of it."""
