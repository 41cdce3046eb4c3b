"""The neural policy as an environment hears it: days of cover, which the environment turns into orders."""

from __future__ import annotations

from torch import nn

from entrepot.agents.cover_ratio import cover_of, log_ratio_of
from entrepot.agents.neural.heads import cover_head_named
from entrepot.agents.neural.policy import NeuralPolicy
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate, orders_from_cover


class NeuralCoverPolicy(nn.Module):
    """Orders up to `NeuralPolicy.cover`, for policies that learnt by acting in the environment.

    Differs from `NeuralPolicy` where a fast lane stays: here the slower lanes of its node then order for it.
    """

    reads = NeuralPolicy.reads

    def __init__(self, settings: NeuralPolicySettings | None = None) -> None:
        """Make an untrained policy.

        Args:
            settings: the defaults if None.

        Raises:
            ConfigurationError: the head is not `cover`: days of cover can't say what the others decide.
        """
        super().__init__()
        self.policy = NeuralPolicy(settings)
        cover_head_named(self.policy.settings)

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Decisions:
        """Orders, not rounded."""
        base = attributes.base_cover_days
        cover = cover_of(log_ratio_of(self.policy.cover(snapshot, attributes), base), base)
        return Decisions(orders_from_cover(attributes, snapshot, cover, demand_rate(attributes, snapshot)))
