"""Books of routes that ship with the package."""
