"""What the policy reads of a day, worked out once: learning goes over it several times without the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.agents.neural.features import LaneFeatures, lane_features, node_features
from entrepot.agents.neural.heads.cover import Outlook
from entrepot.agents.neural.lane_encoding import LaneEncoding
from entrepot.agents.neural.policy import NeuralPolicy
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

LEAST_COVER_DAYS = 1e-3
"""Of which a logarithm is taken; no cover counts as that."""


@dataclass(frozen=True)
class Reading:
    """Of M moments, an environment's day each, and of the P pairs of moment and lane that can order."""

    cells: Tensor  # [M, N, S, F]
    nodes: Tensor  # [M, N, F]
    day: Tensor  # [M, F]
    moment: Tensor  # [P] integers, ascending
    lane: Tensor  # [P] integers
    lanes: LaneFeatures  # of the pairs
    outlook: Outlook  # of the pairs

    @property
    def moments(self) -> int:
        """M."""
        return len(self.day)

    @classmethod
    def joined(cls, readings: Sequence[Self]) -> Self:
        """One after the other."""
        offset, moments = 0, []
        for reading in readings:
            moments.append(reading.moment + offset)
            offset += reading.moments
        return cls(
            cells=torch.cat([reading.cells for reading in readings]),
            nodes=torch.cat([reading.nodes for reading in readings]),
            day=torch.cat([reading.day for reading in readings]),
            moment=torch.cat(moments),
            lane=torch.cat([reading.lane for reading in readings]),
            lanes=LaneFeatures(
                torch.cat([reading.lanes.cells for reading in readings]),
                torch.cat([reading.lanes.lanes for reading in readings]),
            ),
            outlook=Outlook(
                ahead=torch.cat([reading.outlook.ahead for reading in readings], dim=1),
                rates=torch.cat([reading.outlook.rates for reading in readings], dim=1),
                rate=torch.cat([reading.outlook.rate for reading in readings]),
                base_cover_days=torch.cat([reading.outlook.base_cover_days for reading in readings]),
                fixed_days=torch.cat([reading.outlook.fixed_days for reading in readings]),
                below=torch.cat([reading.outlook.below for reading in readings]),
            ),
        )

    def deciding(self) -> tuple[Tensor, Tensor]:
        """[M'] the moments at which some lane can order, and [P] each pair's place among them."""
        decides = torch.zeros(self.moments, dtype=torch.bool, device=self.day.device)
        decides[self.moment] = True
        return decides.nonzero()[:, 0], (decides.cumsum(dim=0) - 1)[self.moment]

    def of_moments(self, chosen: Tensor) -> tuple[Self, Tensor]:
        """Some moments in the order given, and [P'] which of the pairs are theirs.

        Args:
            chosen: [M'] integers.
        """
        place = torch.full((self.moments,), -1, device=chosen.device)
        place[chosen] = torch.arange(len(chosen), device=chosen.device)
        pairs = (place[self.moment] >= 0).nonzero()[:, 0]
        outlook = self.outlook
        some = type(self)(
            cells=self.cells[chosen],
            nodes=self.nodes[chosen],
            day=self.day[chosen],
            moment=place[self.moment[pairs]],
            lane=self.lane[pairs],
            lanes=LaneFeatures(self.lanes.cells[pairs], self.lanes.lanes[pairs]),
            outlook=Outlook(
                ahead=outlook.ahead[:, pairs],
                rates=outlook.rates[:, pairs],
                rate=outlook.rate[pairs],
                base_cover_days=outlook.base_cover_days[pairs],
                fixed_days=outlook.fixed_days[pairs],
                below=outlook.below[pairs],
            ),
        )
        return some, pairs


def read(
    policy: NeuralPolicy, snapshot: Snapshot, attributes: NetworkAttributes, days: int = 1
) -> tuple[Reading, LaneEncoding]:
    """What the policy reads of B environments' day; and the same as the policy knows it, but for its hidden layer.

    Args:
        policy: that reads.
        snapshot: at decision time.
        attributes: of the network.
        days: that a decision is for: lanes that depart within them are looked at.
    """
    known = node_features(snapshot, attributes, policy.covers)
    environment, lane = (snapshot.lane_wait_days < days - 0.5).nonzero(as_tuple=True)
    lanes = lane_features(snapshot, attributes, known, environment, lane)
    episodes = len(snapshot.on_hand)
    reading = Reading(
        cells=known.cells,
        nodes=known.nodes.expand(episodes, -1, -1),
        day=known.day.expand(episodes, -1),
        moment=environment,
        lane=lane,
        lanes=lanes,
        outlook=Outlook.at(attributes, known, environment, lane),
    )
    return reading, LaneEncoding(known, environment, lane, lanes.cells)


def log_cover(policy: NeuralPolicy, attributes: NetworkAttributes, reading: Reading) -> tuple[Tensor, Tensor]:
    """[P, S] logarithm of the days of cover that the policy wants, and [P, S, width] the hidden layer behind it.

    Moments at which nothing can order are left out of the layers before.
    """
    hidden = hidden_of(policy, attributes, reading)
    cover = reading.outlook.cover(policy.answer(hidden))
    return torch.log(cover.clamp(min=LEAST_COVER_DAYS)), hidden


def hidden_of(policy: NeuralPolicy, attributes: NetworkAttributes, reading: Reading) -> Tensor:
    """[P, S, width] the policy's last hidden layer."""
    origin, destination = attributes.lane_origin[reading.lane], attributes.lane_destination[reading.lane]
    rows, place = reading.deciding()
    return policy.hidden(
        reading.cells[rows], reading.nodes[rows], reading.day[rows], reading.lanes, place, origin, destination
    )
