"""Pictures of the network, drawn without a screen."""
