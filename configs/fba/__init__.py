"""Fees of Amazon's fulfilment centres, by country and date."""
