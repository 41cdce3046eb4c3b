"""Pick lists, the tours that they take, and the throughput that people and equipment reach."""
