"""Plain units: orders that scale with what the SKU sells; what stock there is it must learn from its features."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

from entrepot.agents.neural.heads.head import Wanted, register_head
from entrepot.agents.neural.lane_encoding import LaneEncoding
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

OPENING_PRIMARY, OPENING_OTHER = 0.54, -4.0
"""What is added to an answer of plain units on a SKU's cheapest way to a node and on its other ways: by softplus, 1 and
0.02 of what sells between two departures."""
MOST_UNITS_ANSWER = 50.0


@register_head("units")
class UnitsHead:
    """Orders softplus(answer) times what sells between two departures.

    An untrained one orders on each SKU's cheapest way as much as sells, whatever the stock. What isn't ordered today is
    forgotten, so that no departure is left out for the next.
    """

    opening: tuple[float, ...] = (0.0,)
    consolidates = False

    def __init__(self, settings: NeuralPolicySettings) -> None:
        """Args: settings, none of which are its own."""

    def wanted(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding,
        answer: Tensor,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Wanted:
        """As in `Head`; there is no kink to smooth."""
        environment, lane = encoded.environment, encoded.lane
        between = encoded.known.rate[environment, attributes.lane_destination[lane]]
        between = between * attributes.lane_interval_days[lane].unsqueeze(-1)
        primary = attributes.lane_primary[lane]
        opening = OPENING_OTHER + (OPENING_PRIMARY - OPENING_OTHER) * primary
        units = between * functional.softplus((answer.squeeze(-1) + opening).clamp(max=MOST_UNITS_ANSWER))
        if learns is not None:
            units = torch.where(learns[lane].unsqueeze(-1) > 0.5, units, units.detach())
        opened = snapshot.lane_open[environment, lane] > 0
        departs = (opened & (snapshot.lane_wait_days[environment, lane] < 0.5)).unsqueeze(-1)
        units = torch.where(departs & (attributes.lane_carries[lane] > 0.5), units, 0.0)
        nothing = units.new_zeros(*snapshot.lane_wait_days.shape, units.shape[-1])
        return Wanted(nothing.index_put((environment, lane), units), None)

    def explained(
        self, snapshot: Snapshot, attributes: NetworkAttributes, encoded: LaneEncoding, answer: Tensor
    ) -> None:
        """Units are no target: there is nothing to tell."""
