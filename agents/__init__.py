"""Who decides: rules, the neural policy, and the loader of exported modules."""
