"""What can be known at decision time, made from the twin's state, and the network's attributes beside it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from typing import Self

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.lasting import LastingProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot.attributes import attribute_arrays
from entrepot.envs.snapshot.schema import NETWORK_FIELDS
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State
from entrepot.envs.twin.sums import Sums

DEVIATION_YEARS = 8
ARRIVING_DAYS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""The pipeline is told as what arrives within so many days: day by day at first, then ever more coarsely."""


@dataclass(frozen=True)
class NearWindows:
    """Which rows of the ring of goods in transit count for the lanes that look less far ahead than it reaches."""

    lanes: Tensor  # [L'] integers
    rows: Tensor  # [H, W] integers, by today's place in the ring: rows of the ring seen as [N·H, ...], lane after lane
    starts: Tensor  # [L'] integers, where each lane's rows begin


@dataclass(frozen=True)
class CarriedDemand:
    """The pairs of node and market along which demand reaches a node."""

    market: Tensor  # [P] integers
    share: Tensor  # [P, 1, S]
    by_node: Sums  # N of P


@dataclass(frozen=True)
class NetworkAttributes:
    """What a policy knows of a network; fields as in `NETWORK_FIELDS`."""

    lane_origin: Tensor  # [L] integers
    lane_destination: Tensor  # [L] integers
    lane_faster: Tensor  # [L, J] integers
    lane_window_days: Tensor  # [L] integers
    lane_lead_days: Tensor  # [L]
    lane_lead_deviation_days: Tensor  # [L]
    lane_interval_days: Tensor  # [L]
    lane_landed_usd: Tensor  # [L, S]
    lane_shipment_usd: Tensor  # [L]
    lane_carries: Tensor  # [L, S]
    lane_primary: Tensor  # [L, S]
    base_cover_days: Tensor  # [L, S]
    direct_share: Tensor  # [N, M]
    echelon_share: Tensor  # [N, M, S]
    demand_mean: Tensor  # [M, S]
    demand_deviation: Tensor  # [M, S]
    margin_usd: Tensor  # [M, S]
    backlog_share: Tensor  # [M]
    capacity_m3: Tensor  # [N]
    value_usd: Tensor  # [S]
    volume_m3: Tensor  # [S]
    capital_share_per_day: Tensor  # []

    @classmethod
    def from_arrays(
        cls,
        network: NetworkArrays,
        demand_mean: NDArray[np.float64],
        demand_deviation: NDArray[np.float64] | None = None,
        base_cover_days: NDArray[np.float64] | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Self:
        """Attributes of a network.

        Args:
            network: the network's arrays.
            demand_mean: [M, S] units a day in the long run.
            demand_deviation: [M, S] standard deviation of a day's demand; that of a Poisson if None.
            base_cover_days: [L, S] covers that a policy starts from; the textbook's if None.
            dtype: of everything that is not an index.
            device: where the tensors go.
        """
        values = attribute_arrays(network, demand_mean, demand_deviation, base_cover_days)
        return cls(
            **{
                name: torch.as_tensor(values[name], dtype=torch.int64 if field.integer else dtype, device=device)
                for name, field in NETWORK_FIELDS.items()
            }
        )

    @LastingProperty
    def carried_demand(self) -> CarriedDemand:
        """Where `echelon_share` is not 0."""
        node, market = (self.echelon_share != 0).any(dim=2).nonzero(as_tuple=True)
        nodes = torch.arange(len(self.echelon_share), device=node.device)
        share = self.echelon_share[node, market].unsqueeze(1)
        return CarriedDemand(market, share, Sums.of(node == nodes[:, None], once=True))

    @LastingProperty
    def next_faster(self) -> Tensor:
        """[L] integers, the slowest of the lanes that are faster to the same node; the lane itself where none is."""
        lanes = len(self.lane_faster)
        place = (self.lane_faster < lanes).sum(dim=1)  # among the lanes to its node
        same_node = self.lane_destination[:, None] == self.lane_destination
        ahead = same_node & (place[:, None] == place + 1)
        itself = torch.arange(lanes, device=place.device)
        return torch.where(ahead.any(dim=1), ahead.to(torch.int8).argmax(dim=1), itself)

    @LastingProperty
    def faster_by_doubling(self) -> tuple[Tensor, ...]:
        """The faster lane 1, 2, 4 ... places ahead, until all faster lanes are within reach of that many."""
        steps: list[Tensor] = []
        while 2 ** len(steps) < self.lane_faster.shape[1]:
            steps.append(steps[-1][steps[-1]] if steps else self.next_faster)
        return tuple(steps)

    @LastingProperty
    def has_faster(self) -> Tensor:
        """[L, 1, 1] 1 where there is a faster lane to the same node."""
        return (self.lane_faster[:, :1, None] < len(self.lane_faster)).to(self.demand_mean)

    @LastingProperty
    def lane_cannot_carry(self) -> Tensor:
        """[L, 1, S] booleans."""
        return self.lane_carries.unsqueeze(1) <= 0.5

    def near_windows(self, ring_days: int) -> NearWindows:
        """Of the lanes whose window is shorter than the ring of H days."""
        if ring_days not in self._near_windows:
            with torch.inference_mode(False):  # they serve training too
                self._near_windows[ring_days] = _near_windows(self, ring_days)
        return self._near_windows[ring_days]

    @LastingProperty
    def _near_windows(self) -> dict[int, NearWindows]:
        return {}

    def for_skus(self, chosen: Tensor) -> Self:
        """The same network with some of its SKUs; space and shipments' prices shrunk with their share of volume."""
        share = self.volume_m3[chosen].sum() / self.volume_m3.sum()
        cut = {
            name: getattr(self, name)[..., chosen]
            for name, field in NETWORK_FIELDS.items()
            if field.axes[-1:] == ("S",)
        }
        shared = {name: getattr(self, name) * share for name in ("capacity_m3", "lane_shipment_usd")}
        return replace(self, **cut, **shared)

    def to(self, device: torch.device | str) -> Self:
        """The same attributes on another device."""
        return replace(self, **{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def _near_windows(attributes: NetworkAttributes, ring_days: int) -> NearWindows:
    lanes = (attributes.lane_window_days < ring_days - 1).nonzero().flatten()
    counted = attributes.lane_window_days[lanes] + 1
    lane = torch.repeat_interleave(torch.arange(len(lanes), device=lanes.device), counted)
    starts = counted.cumsum(0) - counted
    ahead = torch.arange(len(lane), device=lanes.device) - starts[lane]
    today = torch.arange(ring_days, device=lanes.device)[:, None]
    rows = attributes.lane_destination[lanes][lane] * ring_days + (ahead + today) % ring_days
    return NearWindows(lanes, rows, starts)


def long_run_deviation(demand: DemandModel) -> NDArray[np.float64]:
    """[M, S] standard deviation of a day's demand, measured on a few years drawn from the training window."""
    rng = np.random.default_rng(0)
    first_day = demand.first_days(DEVIATION_YEARS, rng)
    deviation: NDArray[np.float64] = demand.sample(first_day, 364, Split.TRAIN, rng).std(axis=(0, 1), dtype=np.float64)
    return deviation


@dataclass(frozen=True)
class Snapshot:
    """Known at the start of a day, in physical units.

    Fields are those of `SNAPSHOT_FIELDS`, except that the pipeline stands here as the sums that policies read,
    `in_transit`, `due` and `arriving`.
    """

    on_hand: Tensor  # [B, N, S]
    dock: Tensor  # [B, N, S]
    in_transit: Tensor  # [B, N, S]
    due: Tensor  # [B, L, S] on the way to the lane's destination, due within the lane's window
    backlog: Tensor  # [B, M, S]
    demand_fast: Tensor  # [B, M, S]
    demand_slow: Tensor  # [B, M, S]
    demand_quarter: Tensor  # [B, M, S]
    demand_square: Tensor  # [B, M, S]
    season_ahead: Tensor  # [B, 15]
    day_of_year: Tensor  # [B] integers
    weekday: Tensor  # [B] integers
    lane_wait_days: Tensor  # [B, L]
    lane_open: Tensor  # [B, L]
    equipment: Tensor  # [B, N]
    storage_price: Tensor  # [B, N]
    told_arriving: Tensor | None = None  # [B, N, S, K] see `arriving`; only where no twin stands behind
    twin_state: State | None = None  # what it was made from, where it was made from a twin

    @cached_property
    def arriving(self) -> Tensor:
        """[B, N, S, K] on the way to the node, due within each of `ARRIVING_DAYS`; 0 is today.

        Worked out when first asked for, since few policies do; to be asked before the twin's next step overwrites its
        pipeline.
        """
        if self.told_arriving is not None:
            return self.told_arriving
        if self.twin_state is None:
            raise ValueError("this snapshot was not made from a twin, and was not told what arrives within which days")
        return _arriving(self.twin_state)

    def pipeline_by_days(self) -> Tensor:
        """[B, N, S, H] units by days to arrival, as `SNAPSHOT_FIELDS` has it; only where a twin stands behind."""
        if self.twin_state is None:
            raise ValueError("this snapshot was not made from a twin, so that its pipeline by days is not known")
        return self.twin_state.pipeline_by_days()


def snapshot_of(parameters: TwinParameters, attributes: NetworkAttributes, state: State, day: Day) -> Snapshot:
    """What a policy may know when it orders; nothing of today's demand.

    Args:
        parameters: of the network.
        attributes: of the same network.
        state: at the start of the day.
        day: of the scenario; only its calendar and conditions are read.
    """
    return Snapshot(
        on_hand=state.on_hand,
        dock=state.dock,
        in_transit=state.in_transit,
        due=_due(attributes, state),
        backlog=state.backlog,
        demand_fast=state.demand_fast,
        demand_slow=state.demand_slow,
        demand_quarter=state.demand_quarter,
        demand_square=state.demand_square,
        season_ahead=day.season_ahead,
        day_of_year=day.day_of_year,
        weekday=day.weekday,
        lane_wait_days=parameters.lane.wait.index_select(0, day.weekday),
        lane_open=day.lane_open,
        equipment=day.equipment,
        storage_price=parameters.node.storage_usd_by_month.index_select(0, day.month),
        twin_state=state,
    )


def _due(attributes: NetworkAttributes, state: State) -> Tensor:
    """[B, L, S] all that is on the way to a lane's destination; for near windows, the sum of their days in the ring."""
    nodes, ring_days, episodes, skus = state.pipeline.shape
    due = state.in_transit.transpose(0, 1).index_select(0, attributes.lane_destination)
    windows = attributes.near_windows(ring_days)
    if windows.lanes.shape[0]:
        ring = state.pipeline.reshape(nodes * ring_days, episodes * skus)
        near = functional.embedding_bag(windows.rows[state.day % ring_days], ring, windows.starts, mode="sum")
        due = due.index_copy_(0, windows.lanes, near.view(-1, episodes, skus))
    return due.transpose(0, 1)


def _arriving(state: State) -> Tensor:
    """[B, N, S, K] read off the ring: what each horizon adds to the one before, then their running sum."""
    nodes, ring_days, episodes, skus = state.pipeline.shape
    rows, starts = _horizon_rows(nodes, ring_days, state.pipeline.device)
    ring = state.pipeline.reshape(nodes * ring_days, episodes * skus)
    added = functional.embedding_bag(rows[state.day % ring_days], ring, starts, mode="sum")
    return added.view(nodes, len(ARRIVING_DAYS), episodes, skus).cumsum(dim=1).permute(2, 0, 3, 1)


@cache
def _horizon_rows(nodes: int, ring_days: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """As `NearWindows`: [H, W] rows that each node's horizons add to those before, and [N·K] where they begin."""
    ahead = np.arange(min(ARRIVING_DAYS[-1] + 1, ring_days))
    horizon = np.searchsorted(ARRIVING_DAYS, ahead)
    counted = np.tile(np.bincount(horizon, minlength=len(ARRIVING_DAYS)), nodes)
    today = np.arange(ring_days)[:, None, None]
    rows = np.arange(nodes)[:, None] * ring_days + (ahead + today) % ring_days  # [H, N, W / N]
    starts = counted.cumsum() - counted
    with torch.inference_mode(False):  # they serve training too
        return torch.as_tensor(rows.reshape(ring_days, -1), device=device), torch.as_tensor(starts, device=device)


def arriving_days(like: Tensor) -> Tensor:
    """[K] `ARRIVING_DAYS` as a tensor on the same device."""
    return torch.tensor(ARRIVING_DAYS, device=like.device)
