"""A warehouse from inside: as a picture, and as a page on which it can be turned."""
