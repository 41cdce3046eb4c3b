"""Which nodes serve a customer's order: exactly, within a cap on time, and no unit promised twice."""
