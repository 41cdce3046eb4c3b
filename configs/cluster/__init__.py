"""Where training runs; and what a cluster needs to be told."""
