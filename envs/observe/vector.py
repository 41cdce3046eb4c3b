"""What each agent sees: its part of a snapshot, scaled so that a slow and a fast SKU look alike.

All features of a network are laid out once, in rows of one number for each SKU; an agent's observation is a selection
of whole rows, made without a loop over agents. Vectors are padded with zeros to the widest agent's, so that all
observation spaces are the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate, passing_rate, waiting_at_nodes
from entrepot.envs.snapshot.season import SEASON_ENTRIES, WEEKS_AHEAD

OBSERVATION_BOUND = 8.0
"""No observation lies further from 0."""
COVER_SCALE_DAYS = 14.0
DAYS_PER_YEAR = 365.25

STOCK_FEATURES = ("on_hand_cover", "dock_cover", "in_transit_cover", "backlog_cover")
DEMAND_FEATURES = ("fast_to_slow", "slow_to_mean", "quarter_to_mean", "rate")
NODE_FEATURES = ("space_used", "equipment")
LANE_FEATURES = ("wait", "open")
UNIT_FEATURES = ("wear", "mending")
DAY_FEATURES = (
    "season_last_month",
    "season_last_quarter",
    *(f"season_week_{week}" for week in range(1, WEEKS_AHEAD + 1)),
    "weekday_sin",
    "weekday_cos",
    "year_sin",
    "year_cos",
)


@dataclass(frozen=True)
class Features:
    """All features of a batch; overwritten by the next call that makes some.

    R rows of one number for each SKU, in the order stock, due, demand; and O numbers that belong to no SKU. U units of
    equipment are told where maintenance is decided, else none.
    """

    by_entity: Tensor  # [B, R, S] the rows; entity first in memory, as in the twin
    rows: Tensor  # [B, R, S] the same, within bounds
    page: Tensor  # [B, R + 1 + P, S] the same; then a row of zeros; then the others as each agent packs them
    packed: Tensor  # [B, P, S] these
    others: Tensor  # [B, O + 1] of nodes, lanes and the day; the last stays 0
    # Views of the rows, entity first, and of the others, so that each feature is written where it belongs.
    covers: Tensor  # [..., B, S] stock and due
    stock: tuple[Tensor, ...]  # each [N, B, S]
    due: Tensor  # [L, B, S]
    logarithms: Tensor  # [..., B, S] demand
    fast_to_slow: Tensor  # [N, B, S]
    slow_to_mean: Tensor  # [N, B, S]
    quarter_to_mean: Tensor  # [N, B, S]
    level: Tensor  # [N, B, S] rate
    nodes: tuple[Tensor, ...]  # each [B, N]
    lanes: tuple[Tensor, ...]  # each [B, L]
    units: tuple[Tensor, ...]  # each [B, U]
    season: Tensor  # [B, 15]
    week: Tensor  # [B, 2]
    year: Tensor  # [B, 2]

    @classmethod
    def blank(cls, nodes: int, lanes: int, units: int, packed: int, skus: int, episodes: int, like: Tensor) -> Self:
        """Zeros of the device and dtype of `like`; with P packed rows."""
        row_sizes = [len(STOCK_FEATURES) * nodes, lanes, len(DEMAND_FEATURES) * nodes]
        other_sizes = [len(NODE_FEATURES) * nodes, len(LANE_FEATURES) * lanes, len(UNIT_FEATURES) * units]
        other_sizes += [len(DAY_FEATURES), 1]
        # Made so that they can be written to inside and outside of inference mode.
        with torch.inference_mode(False):
            by_entity = like.new_zeros(sum(row_sizes), episodes, skus)
            page = like.new_zeros(episodes, len(by_entity) + 1 + packed, skus)
            others = like.new_zeros(episodes, sum(other_sizes))
            stock, due, demand = by_entity.split_with_sizes(row_sizes)
            of_nodes, of_lanes, of_units, day, _ = others.split_with_sizes(other_sizes, dim=1)
            season, week, year = day.split_with_sizes([SEASON_ENTRIES, 2, 2], dim=1)
            return cls(
                by_entity=by_entity.transpose(0, 1),
                rows=page[:, : len(by_entity)],
                page=page,
                packed=page[:, len(by_entity) + 1 :],
                others=others,
                covers=by_entity[: len(stock) + lanes],
                stock=stock.split(nodes),  # type: ignore[no-untyped-call]
                due=due,
                logarithms=demand,
                fast_to_slow=demand[:nodes],
                slow_to_mean=demand[nodes : 2 * nodes],
                quarter_to_mean=demand[2 * nodes : 3 * nodes],
                level=demand[3 * nodes :],
                nodes=of_nodes.split(nodes, dim=1),  # type: ignore[no-untyped-call]
                lanes=of_lanes.split(lanes, dim=1),  # type: ignore[no-untyped-call]
                units=of_units.split(units, dim=1) if units else (),  # type: ignore[no-untyped-call]
                season=season,
                week=week,
                year=year,
            )


class Observation:
    """Features of a network with N nodes, A agents, L lanes and S SKUs: F in all, up to W of them in an agent's vector.

    Stock is told as log(1 + days of cover / 14), demand as logarithms of ratios (7 days to 28 days, 28 and 91 days
    to the long run) and log(units a day) / 3, space as the share in use, a lane's wait in weeks, season as the
    logarithm of the seasonal index. Cover counts in `demand_rate`.

    An agent's vector holds, in this order: for each node it orders for, `STOCK_FEATURES` and `DEMAND_FEATURES` by SKU;
    for each lane it owns, the cover due within the lane's window by SKU; for each of those lanes, the on-hand cover
    that its origin publishes, by SKU (0 where that is a supplier); `NODE_FEATURES` by node; `LANE_FEATURES` by lane;
    with `maintenance`, `UNIT_FEATURES` by unit of equipment at its nodes; `DAY_FEATURES`; zeros.
    """

    def __init__(self, network: NetworkArrays, attributes: NetworkAttributes, *, maintenance: bool = False) -> None:
        """Args: the network; its attributes, whose device and dtype the features take; whether units are told."""
        self._attributes = attributes
        self._network = network
        self._units = network.unit_agent if maintenance else network.unit_agent[:0]  # [U]
        like = attributes.demand_mean
        mean = echelon_rate(attributes, like.unsqueeze(0)).clamp(min=LEAST_RATE)  # [1, N, S]
        self._mean = mean.transpose(0, 1)  # [N, 1, S]
        self._week = _circle(np.arange(7) / 7).to(like)
        self._year = _circle(np.arange(366) / DAYS_PER_YEAR).to(like)
        self._features: Features | None = None
        tables = [self._table(agent) for agent in range(len(network.agents))]
        self.widths = tuple(rows.size * self._skus + len(others) for rows, others in tables)
        self.width = math.ceil(max(self.widths) / self._skus) * self._skus
        index, packed = self._layout(tables)
        self._index = torch.as_tensor(index, device=like.device)
        self._packed = torch.as_tensor(packed, device=like.device)

    @property
    def size(self) -> int:
        """F."""
        rows, others = (sum(math.prod(shape) for shape in shapes) for shapes in self._shapes())
        return rows * self._skus + others

    def features(self, snapshot: Snapshot, rate: Tensor) -> Features:
        """Everything there is to see.

        Args:
            snapshot: at decision time.
            rate: [B, N, S] `demand_rate` of the same snapshot.
        """
        features = self._blank(rate)
        self._write_rows(features, snapshot, rate.transpose(0, 1))
        torch.clamp(features.by_entity, -OBSERVATION_BOUND, OBSERVATION_BOUND, out=features.rows)
        self._write_others(features, snapshot)
        others = features.others.clamp_(-OBSERVATION_BOUND, OBSERVATION_BOUND)
        features.packed.copy_(others.index_select(1, self._packed).view_as(features.packed))
        return features

    def whole(self, features: Features) -> Tensor:
        """[B, F] float32, every feature once."""
        return torch.cat([features.rows.flatten(1), features.others[:, :-1]], dim=1).to(torch.float32)

    def by_agent(self, features: Features) -> Tensor:
        """[B, A, W] float32, each agent's vector."""
        chosen = features.page.index_select(1, self._index)
        return chosen.view(-1, len(self.widths), self.width).to(torch.float32)

    def places(self, agent: int) -> NDArray[np.int64]:
        """Where each of an agent's features stands in `whole`, padding left out; F where nothing stands."""
        rows, chosen = self._table(agent)
        row_shapes, _ = self._shapes()
        nothing = sum(math.prod(shape) for shape in row_shapes)
        by_row = np.where(rows[:, None] == nothing, self.size, rows[:, None] * self._skus + np.arange(self._skus))
        return np.concatenate([by_row.ravel(), nothing * self._skus + chosen])

    def names(self, agent: int) -> list[str]:
        """What stands at each place of an agent's vector, padding left out; for people and for tests."""
        by_row, others = self._names()
        rows, chosen = self._table(agent)
        return [*np.array(by_row).reshape(-1, self._skus)[rows].ravel().tolist(), *(others[place] for place in chosen)]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_features": None}

    def _blank(self, rate: Tensor) -> Features:
        """Those of the last call where they fit; in an exported graph each call has its own."""
        exporting = torch.compiler.is_exporting()
        if self._features is not None and not exporting and self._features.page.shape[0] == rate.shape[0]:
            return self._features
        nodes, lanes = len(self._network.nodes), len(self._network.lanes)
        packed = len(self._packed) // self._skus
        features = Features.blank(nodes, lanes, len(self._units), packed, self._skus, rate.shape[0], like=rate)
        if not exporting:
            self._features = features
        return features

    @property
    def _skus(self) -> int:
        return len(self._network.skus)

    def _write_rows(self, features: Features, snapshot: Snapshot, rate: Tensor) -> None:
        """Write the rows of a snapshot; rate [N, B, S]."""
        known = self._attributes
        scale = rate * COVER_SCALE_DAYS
        units = (snapshot.on_hand, snapshot.dock, snapshot.in_transit, waiting_at_nodes(known, snapshot))
        for place, of_nodes in zip(features.stock, units, strict=True):
            torch.div(of_nodes.transpose(0, 1), scale, out=place)
        by_lane = scale.index_select(0, known.lane_destination)
        torch.div(snapshot.due.transpose(0, 1), by_lane, out=features.due)
        features.covers.log1p_()
        # The three as if they were as many environments, so that they pass through the network together.
        seen = (snapshot.demand_fast, snapshot.demand_slow, snapshot.demand_quarter)
        together = torch.cat([units.transpose(0, 1) for units in seen], dim=1)
        passing = passing_rate(known, together).clamp(min=LEAST_RATE)
        fast, slow, quarter = passing.view(rate.shape[0], len(seen), *rate.shape[1:]).unbind(1)  # each [N, B, S]
        torch.div(fast, slow, out=features.fast_to_slow)
        torch.div(slow, self._mean, out=features.slow_to_mean)
        torch.div(quarter, self._mean, out=features.quarter_to_mean)
        features.level.copy_(rate)
        features.logarithms.log_()
        features.level.div_(3.0)

    def _write_others(self, features: Features, snapshot: Snapshot) -> None:
        """Write what belongs to no SKU."""
        known = self._attributes
        space, equipment = features.nodes
        used = snapshot.on_hand.transpose(0, 1) @ known.volume_m3
        torch.div(used.t(), known.capacity_m3, out=space)
        equipment.copy_(snapshot.equipment)
        if features.units:
            self._write_units(features.units, snapshot)
        wait, lane_open = features.lanes
        torch.div(snapshot.lane_wait_days, 7.0, out=wait)
        lane_open.copy_(snapshot.lane_open)
        torch.clamp(snapshot.season_ahead, min=0.05, out=features.season).log_()
        torch.index_select(self._week, 0, snapshot.weekday, out=features.week)
        torch.index_select(self._year, 0, snapshot.day_of_year, out=features.year)

    def _write_units(self, places: tuple[Tensor, ...], snapshot: Snapshot) -> None:
        known, (wear, mending) = self._attributes.units, places
        assert known is not None
        assert snapshot.unit_age_hours is not None
        assert snapshot.unit_down_hours is not None
        torch.div(snapshot.unit_age_hours, known.unit_scale_hours, out=wear)
        torch.div(snapshot.unit_down_hours, known.unit_hours_per_day, out=mending)

    def _shapes(self) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
        """What features stand in: rows of SKUs of stock, due, demand; and others of nodes, lanes, units, day."""
        nodes, lanes, units = len(self._network.nodes), len(self._network.lanes), len(self._units)
        return (
            ((len(STOCK_FEATURES), nodes), (lanes,), (len(DEMAND_FEATURES), nodes)),
            (
                (len(NODE_FEATURES), nodes),
                (len(LANE_FEATURES), lanes),
                (len(UNIT_FEATURES), units),
                (len(DAY_FEATURES),),
            ),
        )

    def _places(self) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        """Indices of rows, and of others, in the shape of their blocks."""
        blocks = []
        for shapes in self._shapes():
            ends = np.cumsum([math.prod(shape) for shape in shapes])
            parts = np.split(np.arange(ends[-1]), ends[:-1])
            blocks.append([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])
        return blocks[0], blocks[1]

    def _table(self, agent: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which rows an agent sees, and which of the others."""
        network = self._network
        (stock, due, demand), (node, lane, unit, day) = self._places()
        nodes = np.flatnonzero(network.node.agent == agent)
        lanes = np.flatnonzero(network.lane.agent == agent)
        fleet = np.flatnonzero(self._units == agent)
        nothing = len(stock) * len(network.nodes) + len(due) + len(demand) * len(network.nodes)
        origin = network.lane.origin[lanes]
        published = np.where(origin < len(network.nodes), stock[0][origin.clip(max=len(network.nodes) - 1)], nothing)
        by_node = np.concatenate([stock, demand]).T[nodes].ravel()
        return (
            np.concatenate([by_node, due[lanes], published]),
            np.concatenate([node.T[nodes].ravel(), lane.T[lanes].ravel(), unit.T[fleet].ravel(), day]),
        )

    def _layout(
        self, tables: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """[A·W/S] rows that agents' vectors are made of; and [P·S] others that the last P of these rows hold."""
        row_shapes, other_shapes = self._shapes()
        nothing = sum(math.prod(shape) for shape in row_shapes)
        no_other = sum(math.prod(shape) for shape in other_shapes)
        index = np.full((len(tables), self.width // self._skus), nothing, np.int64)
        packed: list[NDArray[np.int64]] = []
        for vector, (rows, others) in zip(index, tables, strict=True):
            filled = math.ceil(len(others) / self._skus)
            first = nothing + 1 + sum(map(len, packed)) // self._skus
            vector[: len(rows)] = rows
            vector[len(rows) : len(rows) + filled] = first + np.arange(filled)
            packed.append(np.pad(others, (0, filled * self._skus - len(others)), constant_values=no_other))
        return index.ravel(), np.concatenate(packed)

    def _names(self) -> tuple[list[str], list[str]]:
        """Names of what stands in the rows, zeros included; and of the others."""
        network = self._network

        def by_cell(names: tuple[str, ...]) -> list[str]:
            return [f"{node}/{sku}/{name}" for name in names for node in network.nodes for sku in network.skus]

        due = [f"{lane}/{sku}/due_cover" for lane in network.lanes for sku in network.skus]
        by_node = [f"{n}/{name}" for name in NODE_FEATURES for n in network.nodes]
        by_lane = [f"{lane}/{name}" for name in LANE_FEATURES for lane in network.lanes]
        units = network.equipment.units if network.equipment is not None and len(self._units) else ()
        by_unit = [f"{unit}/{name}" for name in UNIT_FEATURES for unit in units]
        nothing = ["nothing"] * self._skus
        return (
            [*by_cell(STOCK_FEATURES), *due, *by_cell(DEMAND_FEATURES), *nothing],
            [*by_node, *by_lane, *by_unit, *DAY_FEATURES],
        )


def _circle(turn: NDArray[np.float64]) -> Tensor:
    """[..., 2] sine and cosine of a share of a turn."""
    return torch.as_tensor(np.stack([np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)], axis=-1))
