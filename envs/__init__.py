"""The world before any policy: network, demand, twin and environments."""
