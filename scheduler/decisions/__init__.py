"""Plans from the mirror, and orders that are released once per lane and departure."""
