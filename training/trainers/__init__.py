"""What every trainer is made of."""
