"""Where every run lands; released modules ship in the package."""
