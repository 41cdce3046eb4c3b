"""What can be known at decision time, without torch."""
