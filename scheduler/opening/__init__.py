"""How a scheduler's store begins: records of stock, orders, shipments and sales, as events of one source."""
