"""The doors to the world: PettingZoo, Gymnasium and batched tensors."""
