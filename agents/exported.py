"""An exported module as a policy: judged are the orders of its graph or its fallback, before they are made feasible.

What stock and capacity allow is the twin's to say; the module's own feasibility rung is for live limits.
"""

from __future__ import annotations

from pathlib import Path

import torch

from entrepot.agents.inference import InferenceModule, Limits, load
from entrepot.agents.inference.json_reader import MANIFEST
from entrepot.agents.inference.loading import latest_version
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.arrays import network_arrays, snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

NO_LIMITS = Limits(replaces=True)
"""The twin has its own; what it rations here is what was asked."""


def find_module(folder: Path) -> InferenceModule | None:
    """Load the module in a folder, or the latest version below it; None if there is none.

    Raises:
        ModuleRefused: there is one, but it can't be trusted.
    """
    there = (folder / MANIFEST).is_file() or latest_version(folder) is not None
    return load(folder) if there else None


class ExportedPolicy:
    """Asks an inference module for the orders of each day, in the network at hand."""

    reads = frozenset({Costly.PIPELINE})

    def __init__(self, module: InferenceModule, attributes: NetworkAttributes) -> None:
        """Args: the module; attributes of the network to decide for, which need not be the exported one.

        Raises:
            ConfigurationError: the module decides maintenance, and nothing of the network wears.
        """
        self._module = module
        self.decisions = 0
        self.fallbacks = 0  # of the decisions, those that the module's fallback took
        self.network = network_arrays(attributes)
        if module.manifest.names.units and attributes.units is None:
            raise ConfigurationError(
                f"{module.versions.module}: decides maintenance, and no equipment of this network wears; needed: a "
                "network with inside.wear"
            )

    @property
    def effort(self) -> str:
        """How often the fallback decided, and not the policy."""
        return f"{self.fallbacks:,} of {self.decisions:,} decisions by the fallback"

    def begin(self, episodes: int) -> None:
        """Nothing is remembered between days."""

    def decide(self, snapshot: Snapshot) -> Decisions:
        """Orders, and maintenance where the module decides it."""
        decision = self._module.decide(
            snapshot_arrays(snapshot), network=self.network, age_seconds=0.0, limits=NO_LIMITS, deadline_seconds=None
        )
        self.fallbacks += sum(source != "policy" for source in decision.source)
        self.decisions += len(decision.source)
        orders = torch.as_tensor(decision.raw_orders).to(snapshot.on_hand)
        due = decision.raw_maintenance
        return Decisions(orders, None if due is None else torch.as_tensor(due).to(snapshot.on_hand))
