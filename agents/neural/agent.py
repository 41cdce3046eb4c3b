"""The neural policy at work on one network."""

from __future__ import annotations

from torch import Tensor

from entrepot.agents.neural.policy import NeuralPolicy
from entrepot.envs.snapshot import NetworkAttributes, Snapshot


class NeuralAgent:
    """A trained module bound to a network's attributes."""

    def __init__(self, module: NeuralPolicy, attributes: NetworkAttributes) -> None:
        """Args: the module; attributes of the network it decides for, which need not be the one it learnt on."""
        self.module = module
        self.attributes = attributes

    def begin(self, episodes: int) -> None:
        """Nothing is remembered between days."""

    def orders(self, snapshot: Snapshot) -> Tensor:
        """[B, L, S] units."""
        result: Tensor = self.module(snapshot, self.attributes)
        return result
