"""What each agent sees: its part of a snapshot, scaled so that a slow and a fast SKU look alike.

All features of a network are laid out once in a flat vector; an agent's observation is gathered from it by an index
table, without a loop over agents. Vectors are padded with zeros to the widest agent's, so that all observation spaces
are the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate
from entrepot.envs.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.twin.scenario import WEEKS_AHEAD

OBSERVATION_BOUND = 8.0
"""No observation lies further from 0."""
COVER_SCALE_DAYS = 14.0
DAYS_PER_YEAR = 365.25

STOCK_FEATURES = ("on_hand_cover", "dock_cover", "in_transit_cover", "backlog_cover")
DEMAND_FEATURES = ("fast_to_slow", "slow_to_mean", "rate")
NODE_FEATURES = ("space_used", "equipment")
LANE_FEATURES = ("wait", "open")
DAY_FEATURES = (
    "season_last_month",
    *(f"season_week_{week}" for week in range(1, WEEKS_AHEAD + 1)),
    "weekday_sin",
    "weekday_cos",
    "year_sin",
    "year_cos",
)


@dataclass(frozen=True)
class _Canvas:
    """The flat vector of a batch and views of its blocks, so that each feature is written where it belongs."""

    whole: Tensor  # [B, F + 1], the last stays 0
    covers: Tensor  # [B, ...] stock and due
    logarithms: Tensor  # [B, ...] demand
    stock: tuple[Tensor, ...]  # each [B, N, S]
    due: Tensor  # [B, L, S]
    demand: tuple[Tensor, ...]  # each [B, N, S]
    space: Tensor  # [B, N]
    equipment: Tensor  # [B, N]
    wait: Tensor  # [B, L]
    lane_open: Tensor  # [B, L]
    season: Tensor  # [B, 14]
    week: Tensor  # [B, 2]
    year: Tensor  # [B, 2]

    @classmethod
    def blank(cls, shapes: Sequence[tuple[int, ...]], episodes: int, like: Tensor) -> Self:
        """Args: shapes of the blocks; B; a tensor whose device and dtype to take."""
        sizes = [math.prod(shape) for shape in shapes]
        # Made so that it can be written to inside and outside of inference mode.
        with torch.inference_mode(False):
            whole = torch.zeros(episodes, sum(sizes) + 1, dtype=like.dtype, device=like.device)
            blocks = whole[:, :-1].split_with_sizes(sizes, dim=1)
            stock, due, demand, node, lane, day = (
                block.view(episodes, *shape) for block, shape in zip(blocks, shapes, strict=True)
            )
            season, week, year = day.split_with_sizes([WEEKS_AHEAD + 1, 2, 2], dim=1)
            return cls(
                whole=whole,
                covers=whole[:, : sizes[0] + sizes[1]],
                logarithms=blocks[2],
                stock=stock.unbind(1),
                due=due,
                demand=demand.unbind(1),
                space=node[:, 0],
                equipment=node[:, 1],
                wait=lane[:, 0],
                lane_open=lane[:, 1],
                season=season,
                week=week,
                year=year,
            )


class Observation:
    """Features of a network with N nodes, A agents, L lanes, S SKUs; F features in all, at most W of them an agent's.

    Stock is told as log(1 + days of cover / 14), demand as logarithms of ratios (7 days to 28 days, 28 days to the
    long run) and log(units a day) / 3, space as the share in use, a lane's wait in weeks, season as the logarithm of
    the seasonal index. Cover counts in `demand_rate`.

    An agent's vector holds, in this order: for each node it orders for, `STOCK_FEATURES` and `DEMAND_FEATURES` by SKU;
    for each lane it owns, the cover due within the lane's window by SKU; for each of those lanes, the on-hand cover
    that its origin publishes, by SKU (0 where that is a supplier); `NODE_FEATURES` by node; `LANE_FEATURES` by lane;
    `DAY_FEATURES`; zeros.
    """

    def __init__(self, network: NetworkArrays, attributes: NetworkAttributes) -> None:
        """Args: the network; its attributes, whose device and dtype the features take."""
        self._attributes = attributes
        self._network = network
        like = attributes.demand_mean
        self._mean = echelon_rate(attributes, like.unsqueeze(0)).clamp(min=LEAST_RATE)
        self._week = _circle(np.arange(7) / 7).to(like)
        self._year = _circle(np.arange(366) / DAYS_PER_YEAR).to(like)
        self._canvas: _Canvas | None = None
        tables = [self._table(agent) for agent in range(len(network.agents))]
        self.widths = tuple(len(table) for table in tables)
        index = np.full((len(tables), max(self.widths)), self.size, np.int64)
        for row, table in zip(index, tables, strict=True):
            row[: len(table)] = table
        self._index = torch.as_tensor(index.ravel(), device=like.device)

    @property
    def size(self) -> int:
        """F."""
        return sum(math.prod(shape) for shape in self._shapes())

    @property
    def width(self) -> int:
        """W."""
        return max(self.widths)

    def features(self, snapshot: Snapshot, rate: Tensor) -> Tensor:
        """[B, F + 1] everything, with a zero at the end; overwritten by the next call.

        Args:
            snapshot: at decision time.
            rate: [B, N, S] `demand_rate` of the same snapshot.
        """
        known = self._attributes
        canvas = self._blank(rate)
        scale = rate * COVER_SCALE_DAYS
        waiting = known.direct_share @ snapshot.backlog
        for place, units in zip(
            canvas.stock, (snapshot.on_hand, snapshot.dock, snapshot.in_transit, waiting), strict=True
        ):
            torch.div(units, scale, out=place)
        torch.div(snapshot.due, scale[:, known.lane_destination], out=canvas.due)
        canvas.covers.log1p_()
        self._write_demand(canvas, snapshot, rate)
        torch.div(snapshot.on_hand @ known.volume_m3, known.capacity_m3, out=canvas.space)
        canvas.equipment.copy_(snapshot.equipment)
        torch.div(snapshot.lane_wait_days, 7.0, out=canvas.wait)
        canvas.lane_open.copy_(snapshot.lane_open)
        torch.clamp(snapshot.season_ahead, min=0.05, out=canvas.season).log_()
        canvas.week.copy_(self._week[snapshot.weekday])
        canvas.year.copy_(self._year[snapshot.day_of_year])
        return canvas.whole.clamp_(-OBSERVATION_BOUND, OBSERVATION_BOUND).to(torch.float32)

    def by_agent(self, features: Tensor) -> Tensor:
        """[B, A, W] each agent's vector, gathered from [B, F + 1] features."""
        return features.index_select(1, self._index).view(-1, len(self.widths), self.width)

    def names(self, agent: int) -> list[str]:
        """What stands at each place of an agent's vector, padding left out; for people and for tests."""
        every = np.array(self._names())
        table = self._index.view(len(self.widths), -1)[agent, : self.widths[agent]].cpu().numpy()
        return [str(name) for name in every[table]]

    def __getstate__(self) -> dict[str, Any]:
        # A copy's canvas would no longer be one piece of memory; it is made anew.
        return {**self.__dict__, "_canvas": None}

    def _blank(self, rate: Tensor) -> _Canvas:
        """The canvas of the last call where it fits; in an exported graph each call has one of its own."""
        if torch.compiler.is_exporting():
            return _Canvas.blank(self._shapes(), rate.shape[0], like=rate)
        if self._canvas is None or len(self._canvas.whole) != len(rate):
            self._canvas = _Canvas.blank(self._shapes(), len(rate), like=rate)
        return self._canvas

    def _write_demand(self, canvas: _Canvas, snapshot: Snapshot, rate: Tensor) -> None:
        seen = torch.cat([snapshot.demand_fast, snapshot.demand_slow])
        fast, slow = echelon_rate(self._attributes, seen).clamp(min=LEAST_RATE).unflatten(0, (2, -1)).unbind(0)  # type: ignore[no-untyped-call]
        fast_to_slow, slow_to_mean, level = canvas.demand
        torch.div(fast, slow, out=fast_to_slow)
        torch.div(slow, self._mean, out=slow_to_mean)
        level.copy_(rate)
        canvas.logarithms.log_()
        level.div_(3.0)

    def _shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of the blocks that features stand in: stock, due, demand, nodes, lanes, day."""
        nodes, lanes, skus = len(self._network.nodes), len(self._network.lanes), len(self._network.skus)
        return (
            (len(STOCK_FEATURES), nodes, skus),
            (lanes, skus),
            (len(DEMAND_FEATURES), nodes, skus),
            (len(NODE_FEATURES), nodes),
            (len(LANE_FEATURES), lanes),
            (len(DAY_FEATURES),),
        )

    def _table(self, agent: int) -> NDArray[np.int64]:
        """Places of an agent's features in the flat vector."""
        network = self._network
        shapes = self._shapes()
        places = np.split(np.arange(self.size), np.cumsum([math.prod(shape) for shape in shapes])[:-1])
        stock, due, demand, node, lane, day = (
            place.reshape(shape) for place, shape in zip(places, shapes, strict=True)
        )
        nodes = np.flatnonzero(network.node_agent == agent)
        lanes = np.flatnonzero(network.lane_agent == agent)
        origin = network.lane_origin[lanes]
        is_node = (origin < len(network.nodes))[:, None]
        published = np.where(is_node, stock[0][origin.clip(max=len(network.nodes) - 1)], self.size)
        parts = [
            np.concatenate([stock, demand]).transpose(1, 0, 2)[nodes],
            due[lanes],
            published,
            node.T[nodes],
            lane.T[lanes],
            day,
        ]
        return np.concatenate([part.ravel() for part in parts])

    def _names(self) -> list[str]:
        """Names of all F features and of the zero at the end."""
        network = self._network

        def by_cell(names: tuple[str, ...]) -> list[str]:
            return [f"{node}/{sku}/{name}" for name in names for node in network.nodes for sku in network.skus]

        due = [f"{lane}/{sku}/due_cover" for lane in network.lanes for sku in network.skus]
        by_node = [f"{n}/{name}" for name in NODE_FEATURES for n in network.nodes]
        by_lane = [f"{lane}/{name}" for name in LANE_FEATURES for lane in network.lanes]
        stock, demand = by_cell(STOCK_FEATURES), by_cell(DEMAND_FEATURES)
        return [*stock, *due, *demand, *by_node, *by_lane, *DAY_FEATURES, "nothing"]


def _circle(turn: NDArray[np.float64]) -> Tensor:
    """[..., 2] sine and cosine of a share of a turn."""
    return torch.as_tensor(np.stack([np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)], axis=-1))
