"""What Amazon asks of those who send goods to its fulfilment centres (FBA): limits, check-in, fees by date."""
