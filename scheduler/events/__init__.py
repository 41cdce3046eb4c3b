"""What happened in the network, as it is told: types, envelope, rules."""
