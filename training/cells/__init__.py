"""PPO over the batched environment in which every (agent, SKU) is judged by its own cost: `trainer.credit: sku`."""
