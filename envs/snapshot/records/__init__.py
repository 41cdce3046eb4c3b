"""From records of stock, orders, shipments and sales to a snapshot."""
