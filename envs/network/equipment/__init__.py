"""Equipment that wears, fails and is mended: what it is, and what theory says of it exactly."""
