"""A torch module at work on one network."""

from __future__ import annotations

from torch import nn

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot


class ModuleAgent:
    """Any module that maps a snapshot and a network's attributes to decisions, bound to those attributes.

    A module that reads costly parts of snapshots names them in `reads`, as policies do.
    """

    def __init__(self, module: nn.Module, attributes: NetworkAttributes) -> None:
        """Args: the module; attributes of the network it decides for."""
        self.module = module
        self.attributes = attributes
        self.reads: frozenset[Costly] = getattr(module, "reads", NOTHING_COSTLY)

    def begin(self, episodes: int) -> None:
        """Nothing is remembered between days."""

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Of the module."""
        result: Decisions = self.module(snapshot, self.attributes)
        return result
