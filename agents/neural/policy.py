"""One small network of neurons for every (lane, SKU) of any warehouse network.

Each (node, SKU) is encoded once with shared weights, told the mean of its node's SKUs and of its SKU's nodes (deep
sets: Zaheer et al. 2017), and combined per lane by a small head: destination, origin and lane each have their own
projection, so that the wide layers run over nodes and not over lanes. What the answer means is the head's to say
(`heads`): with `cover` and `release` it scales the cover of a tuned base stock, so that an untrained policy already is
one that knows the season, and training learns where to leave it (residual policy learning: Silver et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from entrepot.agents.departures import departures_cost
from entrepot.agents.neural.consolidation import Consolidation
from entrepot.agents.neural.covers import WorkedOutCovers
from entrepot.agents.neural.features import (
    CELL_FEATURES,
    DAY_FEATURES,
    LANE_FEATURES,
    LANE_SKU_FEATURES,
    NODE_FEATURES,
    WEEK_FEATURES,
    LaneFeatures,
    NodeFeatures,
    lane_features,
    node_features,
    week_features,
)
from entrepot.agents.neural.heads import cover_head_named, head_named
from entrepot.agents.neural.heads.head import Wanted
from entrepot.agents.neural.lane_encoding import LaneEncoding
from entrepot.agents.neural.rounding import whole_together
from entrepot.agents.neural.settings import RELU, SILU, WEEKS, WORKED_OUT, NeuralPolicySettings
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate, orders_from_cover, stock_position

_ACTIVATIONS = {RELU: nn.ReLU, SILU: nn.SiLU}


@dataclass(frozen=True)
class Decided:
    """Decisions, and which of the departures that they need were chosen."""

    decisions: Decisions  # orders not rounded
    departs: Tensor  # [B, L] share of what is wanted that departs, 0 or 1 but for what training tries


class NeuralPolicy(nn.Module):
    """Maps a snapshot and a network's attributes to decisions."""

    reads: frozenset[Costly] = frozenset({Costly.ARRIVING})

    def __init__(self, settings: NeuralPolicySettings | None = None) -> None:
        """Make an untrained policy.

        Args:
            settings: the defaults if None.

        Raises:
            ConfigurationError: there is no such head.
        """
        super().__init__()
        self.settings = settings or NeuralPolicySettings()
        self._head = head_named(self.settings)
        cell, lane = self.settings.cell_width, self.settings.lane_width
        self.cell = nn.Linear(CELL_FEATURES, cell)
        self.node = nn.Linear(NODE_FEATURES, cell, bias=False)
        self.day = nn.Linear(DAY_FEATURES, cell, bias=False)
        between = _ACTIVATIONS[self.settings.activation]
        self.encode = nn.Sequential(between(), nn.Linear(cell, cell), between())
        if self.settings.pool_context:
            self.from_node = nn.Linear(cell, cell, bias=False)
            self.from_sku = nn.Linear(cell, cell, bias=False)
        self.mix = nn.Linear(cell, cell)
        self.destination = nn.Linear(cell, lane)
        self.origin = nn.Linear(cell, lane, bias=False)
        self.lane_sku = nn.Linear(LANE_SKU_FEATURES, lane, bias=False)
        self.lane = nn.Linear(LANE_FEATURES, lane, bias=False)
        self.head = nn.Sequential(between(), nn.Linear(lane, lane), between())
        self.answer = nn.Linear(lane, len(self._head.opening))
        self.consolidation = Consolidation(lane)
        self.covers = WorkedOutCovers() if self.settings.covers == WORKED_OUT else None
        # From 0, and after all others: a policy that remembers weeks begins as the one that doesn't.
        self.weeks = nn.Linear(WEEK_FEATURES, cell, bias=False) if self.settings.demand_memory == WEEKS else None
        if self.weeks is not None:
            self.reads = self.reads | {Costly.WEEKS}
            nn.init.zeros_(self.weeks.weight)
        with torch.no_grad():
            self.answer.weight.zero_()
            self.answer.bias.copy_(torch.tensor(self._head.opening))

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Decisions:
        """Orders, not rounded but for what is shared out of scarce stock where no gradient is recorded.

        `whole_together` has how.
        """
        return self.decide(snapshot, attributes).decisions

    def decide(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        smoothing_days: float = 0.0,
        learns: Tensor | None = None,
        chance: torch.Generator | None = None,
    ) -> Decided:
        """Decisions and departures for a batch.

        Args:
            snapshot: at decision time.
            attributes: of the network.
            smoothing_days: see `orders_from_cover`; above 0 in training only.
            learns: [L] 1 where gradients may reach the lane's cover and departures; everywhere if None.
            chance: draws the departures that are tried in part, see `Consolidation`; in training only.
        """
        encoded = self._encode(snapshot, attributes)
        wanted = self._wanted(snapshot, attributes, encoded, learns, smoothing_days)
        departs = self.departs(snapshot, attributes, encoded, wanted.units, chance)
        if learns is not None and departs.requires_grad:
            departs = torch.where(learns > 0.5, departs, departs.detach())
        orders = wanted.units * departs.unsqueeze(-1)
        if wanted.share is not None and not torch.is_grad_enabled():  # a gradient needs fractions
            orders = torch.where(wanted.share < 1.0, whole_together(attributes, orders), orders)
        return Decided(Decisions(orders), departs)

    def wanted(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding | None = None,
        learns: Tensor | None = None,
        smoothing_days: float = 0.0,
    ) -> Tensor:
        """[B, L, S] units that lanes would carry today, before departures are left out; encoded anew if None."""
        encoded = encoded or self._encode(snapshot, attributes)
        return self._wanted(snapshot, attributes, encoded, learns, smoothing_days).units

    def _wanted(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Wanted:
        answer = self.answer(encoded.hidden)
        return self._head.wanted(snapshot, attributes, encoded, answer, learns, smoothing_days)

    @property
    def explains(self) -> bool:
        """Whether the head has a target behind what it wants."""
        return self._head.consolidates

    def explained(self, snapshot: Snapshot, attributes: NetworkAttributes) -> dict[str, Tensor]:
        """Orders and how they come about, each [B, L, S]; only where the policy `explains`.

        Shares of scarce stock are fractions here; who carries them out makes them whole together, as `forward` does.
        `target_days` of `rate` (units a day at the lane's destination), less `position` (units), is the `wish` (units),
        of which the share `released` is ordered.
        """
        encoded = self._encode(snapshot, attributes)
        told = self._head.explained(snapshot, attributes, encoded, self.answer(encoded.hidden))
        if told is None:
            raise ValueError(f"policy.head: {self.settings.head!r} has no target that could be told")
        departs = self.departs(snapshot, attributes, encoded, told.wish * told.released, None)
        released = told.released * departs.unsqueeze(-1)
        return {
            "orders": told.wish * released,
            "target_days": told.target_days,
            "rate": encoded.known.rate[:, attributes.lane_destination],
            "position": stock_position(attributes, snapshot),
            "wish": told.wish,
            "released": released,
        }

    def cover(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Tensor:
        """[B, L, S] days of the environment's `demand_rate` that `forward` orders up to; 0 where nothing departs.

        Raises:
            ConfigurationError: the head is not `cover`: days of cover can't say what the others decide.
        """
        head = cover_head_named(self.settings)
        encoded = self._encode(snapshot, attributes)
        cover = head.cover(snapshot, attributes, encoded, self.answer(encoded.hidden))
        wanted = orders_from_cover(attributes, snapshot, cover, encoded.known.rate)
        departs = self.departs(snapshot, attributes, encoded, wanted, None)
        destination = attributes.lane_destination
        ours, theirs = encoded.known.rate[:, destination], demand_rate(attributes, snapshot)[:, destination]
        return cover * (ours / theirs) * departs.unsqueeze(-1)

    def _encode(self, snapshot: Snapshot, attributes: NetworkAttributes) -> LaneEncoding:
        known = node_features(snapshot, attributes, self.covers)
        environment, lane = departing_pairs(snapshot)
        hidden = self._hidden(snapshot, attributes, known, environment, lane)
        return LaneEncoding(known, environment, lane, hidden)

    def departs(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding,
        wanted: Tensor,
        chance: torch.Generator | None,
    ) -> Tensor:
        """[B, L] see `Consolidation`; 1 where the head lets no departure wait for the next, or that saves nothing."""
        if not self._head.consolidates or not attributes.once(departures_cost):
            return (snapshot.lane_wait_days < 0.5).to(wanted)
        environment, lane = encoded.environment, encoded.lane
        destination, sooner = attributes.lane_destination[lane], encoded.known.departs_sooner
        chosen = self.consolidation(
            snapshot,
            attributes,
            encoded.hidden,
            wanted[environment, lane],
            encoded.known.rate[environment, destination],
            encoded.known.margin[destination],
            environment,
            lane,
            sooner=None if sooner is None else sooner.expand(wanted.shape[:2])[environment, lane],
            chance=chance,
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
        features = lane_features(snapshot, attributes, known, environment, lane)
        ends = attributes.lane_origin[lane], attributes.lane_destination[lane]
        weeks = None if self.weeks is None else week_features(snapshot, attributes, known.rate)
        return self.hidden(known.cells, known.nodes, known.day, features, environment, *ends, weeks=weeks)

    def hidden(
        self,
        cells: Tensor,
        nodes: Tensor,
        day: Tensor,
        lanes: LaneFeatures,
        environment: Tensor,
        origin: Tensor,
        destination: Tensor,
        *,
        weeks: Tensor | None = None,
    ) -> Tensor:
        """[P, S, lane width] of each pair of environment and lane.

        Args:
            cells: [B, N, S, F] as in `NodeFeatures`.
            nodes: [B, N, F] as in `NodeFeatures`.
            day: [B, F] as in `NodeFeatures`.
            lanes: of the pairs.
            environment: [P] index into the batch.
            origin: [P] index of an endpoint.
            destination: [P] index of a node.
            weeks: [B, N, S, F] as from `week_features`, of a policy that remembers weeks.
        """
        # What is the same for all SKUs is added up before it meets them.
        shared = self.node(nodes) + self.day(day).unsqueeze(1) + self.cell.bias
        first = functional.linear(cells, self.cell.weight).add_(shared.unsqueeze(2))
        if self.weeks is not None and weeks is not None:
            first = first.add_(self.weeks(weeks))
        encoded = self._context(self.encode(first))
        count = encoded.shape[1]
        # A supplier tells nothing of itself: its row is a node of zeros.
        publishes = functional.pad(self.origin(encoded), (0, 0, 0, 0, 0, 1))
        hidden = (
            self.destination(encoded)[environment, destination]
            + publishes[environment, origin.clamp(max=count)]
            + self.lane_sku(lanes.cells)
            + self.lane(lanes.lanes).unsqueeze(1)
        )
        result: Tensor = self.head(hidden)
        return result

    def _context(self, cells: Tensor) -> Tensor:
        mixed: Tensor = self.mix(cells)
        if not self.settings.pool_context:
            return self._between(mixed)
        by_node = self.from_node(cells.mean(dim=2, keepdim=True))
        by_sku = self.from_sku(cells.mean(dim=1, keepdim=True))
        return self._between(mixed.add_(by_node).add_(by_sku))

    def _between(self, mixed: Tensor) -> Tensor:
        # What a rectifier takes is not needed for its gradient, and may be overwritten.
        return functional.relu_(mixed) if self.settings.activation == RELU else functional.silu(mixed)


def departing_pairs(snapshot: Snapshot) -> tuple[Tensor, Tensor]:
    """[P], [P] the pairs of environment and lane that can order today; only these are worth computing.

    A graph, exported or captured by CUDA, takes them all: a shape that depends on data costs it more than it saves.
    """
    departs = snapshot.lane_wait_days < 0.5
    if torch.compiler.is_exporting() or (departs.is_cuda and torch.cuda.is_current_stream_capturing()):
        batch, lanes = departs.shape
        environment = torch.arange(batch, device=departs.device)[:, None].expand(batch, lanes)
        lane = torch.arange(lanes, device=departs.device).expand(batch, lanes)
        return environment.reshape(-1), lane.reshape(-1)
    environment, lane = departs.nonzero(as_tuple=True)
    return environment, lane
