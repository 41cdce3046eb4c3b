"""One small network of neurons for every (lane, SKU) of any warehouse network.

Each (node, SKU) is encoded once with shared weights, told the mean of its node's SKUs and of its SKU's nodes (deep
sets: Zaheer et al. 2017), and combined per lane by a small head: destination, origin and lane each have their own
projection, so that the wide layers run over nodes and not over lanes. The head's answer scales the cover of a tuned
base stock: an untrained policy already is one that knows the season, and training learns where to leave it (residual
policy learning: Silver et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from entrepot.agents.neural.consolidation import Consolidation
from entrepot.agents.neural.features import (
    CELL_FEATURES,
    DAY_FEATURES,
    LANE_FEATURES,
    LANE_SKU_FEATURES,
    NODE_FEATURES,
    NodeFeatures,
    lane_features,
    node_features,
)
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.snapshot import NetworkAttributes, Snapshot

LEAST_LOG_SCALE = -5.0
MOST_LOG_SCALE = 1.5
ECHELON_RANGE = (-0.5, 1.5)
OPENING_TRUST = (-1.0, 1.5, -1.0)
"""As logits, in the last 28 days, the last 91, and the long run: 7, 86 and 7 %; where an untrained policy starts."""
OPENING_ECHELON = 0.0
"""Of what is short further down, the share that joins a lane's target: 0 is base stock of nodes, 1 is of echelons."""
OPENING_SEASON = 0.0
"""As a logit: an untrained policy expects the square root of the seasonal index."""


@dataclass(frozen=True)
class Decided:
    """Orders, and which of the departures that they need were chosen."""

    orders: Tensor  # [B, L, S] units, not rounded
    cover: Tensor  # [B, L, S] days of `rate` that are ordered up to on lanes that depart today
    rate: Tensor  # [B, N, S] units a day that cover is counted in
    departs: Tensor  # [B, L] share of what is wanted that departs, 0 or 1 but for what training tries


@dataclass(frozen=True)
class _Considered:
    """What is worked out of a snapshot before anything is decided, for P pairs of environment and lane."""

    known: NodeFeatures
    environment: Tensor  # [P] index into the batch
    lane: Tensor  # [P] index of a lane
    hidden: Tensor  # [P, S, lane width]


@dataclass(frozen=True)
class NeuralPolicySettings:
    """Widths of the layers, whether cells see the means of their node and SKU, and what an untrained policy trusts."""

    cell_width: int = 64
    lane_width: int = 32
    pool_context: bool = True
    opening_trust: tuple[float, float, float] = OPENING_TRUST


class NeuralPolicy(nn.Module):
    """Maps a snapshot and a network's attributes to orders."""

    def __init__(self, settings: NeuralPolicySettings | None = None) -> None:
        """Args: settings; the defaults if None."""
        super().__init__()
        self.settings = settings or NeuralPolicySettings()
        cell, lane = self.settings.cell_width, self.settings.lane_width
        self.cell = nn.Linear(CELL_FEATURES, cell)
        self.node = nn.Linear(NODE_FEATURES, cell, bias=False)
        self.day = nn.Linear(DAY_FEATURES, cell, bias=False)
        self.encode = nn.Sequential(nn.ReLU(), nn.Linear(cell, cell), nn.ReLU())
        self.from_node = nn.Linear(cell, cell, bias=False)
        self.from_sku = nn.Linear(cell, cell, bias=False)
        self.mix = nn.Linear(cell, cell)
        self.destination = nn.Linear(cell, lane)
        self.origin = nn.Linear(cell, lane, bias=False)
        self.lane_sku = nn.Linear(LANE_SKU_FEATURES, lane, bias=False)
        self.lane = nn.Linear(LANE_FEATURES, lane, bias=False)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(lane, lane), nn.ReLU())
        self.answer = nn.Linear(lane, 6)
        self.consolidation = Consolidation(lane)
        with torch.no_grad():
            self.answer.weight.zero_()
            self.answer.bias.copy_(torch.tensor([0.0, OPENING_ECHELON, OPENING_SEASON, *self.settings.opening_trust]))

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Tensor:
        """[B, L, S] units to order, not rounded."""
        return self.decide(snapshot, attributes).orders

    def decide(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        smoothing_days: float = 0.0,
        learns: Tensor | None = None,
        chance: torch.Generator | None = None,
    ) -> Decided:
        """Orders and departures for a batch.

        Args:
            snapshot: at decision time.
            attributes: of the network.
            smoothing_days: see `orders_from_cover`; above 0 in training only.
            learns: [L] 1 where gradients may reach the lane's cover and departures; everywhere if None.
            chance: draws the departures that are tried in part, see `Consolidation`; in training only.
        """
        considered = self._consider(snapshot, attributes)
        cover, echelon = self._cover(snapshot, attributes, considered)
        if learns is not None:
            cover = torch.where(learns[:, None] > 0.5, cover, cover.detach())
            echelon = torch.where(learns[:, None] > 0.5, echelon, echelon.detach())
        cover = (cover + echelon * considered.known.below[:, attributes.lane_destination]).clamp(min=0.0)
        rate = considered.known.rate
        wanted = orders_from_cover(attributes, snapshot, cover, rate, smoothing_days=smoothing_days)
        departs = self._departs(snapshot, attributes, considered, wanted, chance)
        if learns is not None:
            departs = torch.where(learns > 0.5, departs, departs.detach())
        return Decided(wanted * departs.unsqueeze(-1), cover, rate, departs)

    def cover(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Tensor:
        """[B, L, S] days of the environment's `demand_rate` that `forward` orders up to; 0 where nothing departs."""
        decided = self.decide(snapshot, attributes)
        destination = attributes.lane_destination
        ours, theirs = decided.rate[:, destination], demand_rate(attributes, snapshot)[:, destination]
        return decided.cover * (ours / theirs) * decided.departs.unsqueeze(-1)

    def _consider(self, snapshot: Snapshot, attributes: NetworkAttributes) -> _Considered:
        known = node_features(snapshot, attributes)
        environment, lane = _departing(snapshot)
        hidden = self._hidden(snapshot, attributes, known, environment, lane)
        return _Considered(known, environment, lane, hidden)

    def _cover(
        self, snapshot: Snapshot, attributes: NetworkAttributes, considered: _Considered
    ) -> tuple[Tensor, Tensor]:
        """[B, L, S] days of `known.rate`, the base cover on lanes that don't depart today; and the echelon's share."""
        pairs = considered.environment, considered.lane
        cover = attributes.base_cover_days.expand(*snapshot.lane_wait_days.shape, -1)
        scale, echelon = self._scale(attributes, considered)
        nothing = torch.zeros_like(cover)
        return cover.index_put(pairs, cover[pairs] * scale), nothing.index_put(pairs, echelon)

    def _departs(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        considered: _Considered,
        wanted: Tensor,
        chance: torch.Generator | None,
    ) -> Tensor:
        """[B, L] see `Consolidation`."""
        environment, lane = considered.environment, considered.lane
        rate = considered.known.rate[environment, attributes.lane_destination[lane]]
        chosen = self.consolidation(
            snapshot, attributes, considered.hidden, wanted[environment, lane], rate, environment, lane, chance=chance
        )
        return wanted.new_zeros(wanted.shape[:2]).index_put((environment, lane), chosen)

    def _hidden(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        known: NodeFeatures,
        environment: Tensor,
        lane: Tensor,
    ) -> Tensor:
        """[P, S, lane width] of each pair of environment and lane."""
        first = self.cell(known.cells) + self.node(known.nodes).unsqueeze(2) + self.day(known.day)[:, None, None]
        cells = self._context(self.encode(first))
        nodes = cells.shape[1]
        features = lane_features(snapshot, attributes, known, environment, lane)
        origin = attributes.lane_origin[lane]
        # A supplier tells nothing of itself: its row is a node of zeros.
        publishes = functional.pad(self.origin(cells), (0, 0, 0, 0, 0, 1))
        hidden = (
            self.destination(cells)[environment, attributes.lane_destination[lane]]
            + publishes[environment, origin.clamp(max=nodes)]
            + self.lane_sku(features.cells)
            + self.lane(features.lanes).unsqueeze(1)
        )
        result: Tensor = self.head(hidden)
        return result

    def _scale(self, attributes: NetworkAttributes, considered: _Considered) -> tuple[Tensor, Tensor]:
        """[P, S] on each pair of environment and lane: a factor on the base cover, and the echelon's share."""
        known, environment, lane = considered.known, considered.environment, considered.lane
        size, echelon, season, *beliefs = self.answer(considered.hidden).unbind(dim=-1)
        destination = attributes.lane_destination[lane]
        # How far to trust the last weeks, the quarter and the long run is learnt: chasing noise is what swells stock.
        trust = torch.softmax(torch.stack(beliefs), dim=0)
        outlook = torch.log(known.ahead[environment, lane].clamp(min=0.05))
        trailing = torch.log(known.trailing[environment])
        ahead = torch.stack([*(outlook - seen for seen in trailing.unbind(dim=1)), outlook]).unsqueeze(-1)
        rates = torch.stack(
            [
                known.slow_rate[environment, destination],
                known.quarter_rate[environment, destination],
                known.mean_rate[0, destination],
            ]
        )
        believed = (trust * torch.exp(torch.sigmoid(season) * ahead) * rates).sum(dim=0)
        scale = believed / known.rate[environment, destination]
        return scale * torch.exp(size.clamp(LEAST_LOG_SCALE, MOST_LOG_SCALE)), echelon.clamp(*ECHELON_RANGE)

    def _context(self, cells: Tensor) -> Tensor:
        if not self.settings.pool_context:
            return functional.relu(self.mix(cells))
        by_node = self.from_node(cells.mean(dim=2, keepdim=True))
        by_sku = self.from_sku(cells.mean(dim=1, keepdim=True))
        return functional.relu(self.mix(cells) + by_node + by_sku)


def _departing(snapshot: Snapshot) -> tuple[Tensor, Tensor]:
    """[P], [P] the pairs of environment and lane that can order today; only these are worth computing.

    An exported graph takes them all: a shape that depends on data would cost it more than it saves.
    """
    departs = snapshot.lane_wait_days < 0.5
    if torch.compiler.is_exporting():
        batch, lanes = departs.shape
        environment = torch.arange(batch, device=departs.device)[:, None].expand(batch, lanes)
        lane = torch.arange(lanes, device=departs.device).expand(batch, lanes)
        return environment.reshape(-1), lane.reshape(-1)
    environment, lane = departs.nonzero(as_tuple=True)
    return environment, lane
