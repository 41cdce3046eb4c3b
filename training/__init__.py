"""How policies improve, are compared, and leave as inference modules."""
