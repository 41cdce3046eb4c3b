"""The live side: events in, a mirror of the network, plans, and orders that go out once."""
