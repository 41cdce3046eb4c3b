"""IPPO and MAPPO on RLlib's new API stack, sampling from the batched environment."""
