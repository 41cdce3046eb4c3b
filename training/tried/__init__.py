"""Learning from weights that every SKU tries for itself: `trainer.credit: sku` with `trainer.explore: weights`."""
