"""From records of sales to a model of demand."""
