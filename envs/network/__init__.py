"""The network as a person describes it, and as arrays. No torch here: the live scheduler imports this."""

from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.loading import load_network

__all__ = ["NetworkArrays", "NetworkDescription", "load_network"]
