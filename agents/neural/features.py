"""What the neural policy reads of each (node, SKU) and each (lane, SKU), scaled so that it means the same everywhere.

Stock is told in days of cover, money in shares of a lost sale's margin, time in weeks or as a logarithm: a slow and a
fast SKU, a cheap and a dear one look alike where the same decision is right. What is the same for all SKUs, or for all
nodes, is kept apart, so that the first layer multiplies it once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from entrepot.agents.neural.covers import WorkedOutCovers
from entrepot.agents.neural.lasting import Lasting
from entrepot.agents.outlook import cumulative_outlook, outlook_of_lanes
from entrepot.envs.observe.knowledge import WEEKS
from entrepot.envs.observe.on_the_way import ARRIVING_DAYS
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate
from entrepot.envs.snapshot.season import TRAILING_DAYS

DAYS_PER_YEAR = 365.25
COVER_SCALE_DAYS = 14.0
STEADY_SHARE = 0.9
"""Of the last quarter in the rate that everything is scaled by; the rest is the long run."""
LOG_2 = math.log(2.0)
OUTLOOK_WEEKS = (1, 3, 7, 12)
"""After today's: up to the end of which the season ahead is told."""

CELL_FEATURES = 15 + len(ARRIVING_DAYS)
NODE_FEATURES = 3
DAY_FEATURES = 8
LANE_SKU_FEATURES = 7
LANE_FEATURES = 6
WEEK_FEATURES = WEEKS


@dataclass(frozen=True)
class NodeFeatures:
    """Features of nodes and their SKUs, and the figures that everything is scaled by."""

    cells: Tensor  # [B, N, S, CELL_FEATURES]
    nodes: Tensor  # [B, N, NODE_FEATURES]
    day: Tensor  # [B, DAY_FEATURES]
    rate: Tensor  # [B, N, S] units a day, of the last quarter and a little of the long run
    mean_rate: Tensor  # [1, N, S] units a day in the long run
    slow_rate: Tensor  # [B, N, S] units a day in the last 28 days
    quarter_rate: Tensor  # [B, N, S] units a day in the last 91 days
    margin: Tensor  # [N, S] USD lost with a unit that can't be sold
    trailing: Tensor  # [B, 2] seasonal index of the last 28 and the last 91 days
    ahead: Tensor  # [B, L] seasonal index over each lane's lead time and interval
    at_node: Tensor  # [B, N, S] units on hand and on the dock, less what customers wait for
    base_cover: Tensor  # [L, S] or [B, L, S] days that the policy scales
    fixed_days: Tensor  # as `base_cover`, the part of it that the policy doesn't scale
    departs_sooner: Tensor | None  # [B, L] as in `WorkedOut`; None where covers are given
    below: Tensor  # [B, N, S] days of `rate` by which the nodes fed from here, and those fed from these, are short


@dataclass(frozen=True)
class LaneFeatures:
    """Features of P (environment, lane) pairs."""

    cells: Tensor  # [P, S, LANE_SKU_FEATURES]
    lanes: Tensor  # [P, LANE_FEATURES]


@dataclass(frozen=True)
class Passing:
    """What passes through each node for the markets behind it, in units a day (and squared for variances)."""

    rate: Tensor  # [B, N, S] of the last quarter and a little of the long run
    slow: Tensor  # [B, N, S] of the last 28 days
    quarter: Tensor  # [B, N, S] of the last 91 days
    fast: Tensor  # [B, N, S] of the last 7 days
    variance: Tensor  # [B, N, S] of the last 28 days


def node_features(
    snapshot: Snapshot, attributes: NetworkAttributes, covers: WorkedOutCovers | None = None
) -> NodeFeatures:
    """Features of every node and SKU; see the module's text.

    Args:
        snapshot: at decision time.
        attributes: of the network.
        covers: work out the base covers; those of the attributes are taken if None.
    """
    lasting = attributes.once(Lasting.of)
    steady = STEADY_SHARE * snapshot.demand_quarter + (1 - STEADY_SHARE) * attributes.demand_mean
    passing = _passing(snapshot, attributes, steady)
    rate = passing.rate
    trailing = snapshot.season_ahead[:, : len(TRAILING_DAYS)].clamp(min=0.05)
    outlook = cumulative_outlook(snapshot.season_ahead[:, len(TRAILING_DAYS) :])
    waiting = attributes.direct_share @ snapshot.backlog
    at_node = snapshot.on_hand + snapshot.dock - waiting
    base, fixed, sooner = attributes.base_cover_days, torch.zeros_like(attributes.base_cover_days), None
    if covers is not None:
        worked_out = covers(snapshot, attributes, lasting.mean, lasting.variance, lasting.margin)
        base, fixed, sooner = worked_out.cover, worked_out.fixed, worked_out.sooner
    below = _days_short_below(attributes, lasting, base, rate, at_node + snapshot.in_transit)
    cells = _cells(snapshot, attributes, lasting, passing, steady, waiting, at_node, below)
    return NodeFeatures(
        cells=cells,
        nodes=_nodes(snapshot, attributes),
        day=_day(snapshot, trailing, outlook),
        rate=rate,
        mean_rate=lasting.mean,
        slow_rate=passing.slow,
        quarter_rate=passing.quarter,
        margin=lasting.margin,
        trailing=trailing,
        ahead=outlook_of_lanes(attributes, outlook),
        at_node=at_node,
        base_cover=base,
        fixed_days=fixed,
        departs_sooner=sooner,
        below=below,
    )


def week_features(snapshot: Snapshot, attributes: NetworkAttributes, rate: Tensor) -> Tensor:
    """[B, N, S, WEEK_FEATURES] what passed through each node in each of the last 13 weeks, the latest last.

    log((1 + week / rate) / 2): 0 in a week like the usual, and finite where nothing was asked for.

    Args:
        snapshot: at decision time; its `weeks` are read.
        attributes: of the network.
        rate: [B, N, S] units a day, as `NodeFeatures` has it.
    """
    weeks = snapshot.weeks
    passing = torch.unflatten(echelon_rate(attributes, weeks.flatten(0, 1)), 0, tuple(weeks.shape[:2]))
    return torch.log1p(passing / rate).sub(LOG_2).movedim(0, -1)


def lane_features(
    snapshot: Snapshot, attributes: NetworkAttributes, known: NodeFeatures, environment: Tensor, lane: Tensor
) -> LaneFeatures:
    """Features of chosen pairs.

    Args:
        snapshot: at decision time.
        attributes: of the network.
        known: as from `node_features`.
        environment: [P] index into the batch.
        lane: [P] index of a lane.
    """
    lasting = attributes.once(Lasting.of)
    nodes = known.rate.shape[1]
    destination, origin = attributes.lane_destination[lane], attributes.lane_origin[lane]
    demand = known.rate[environment, destination]
    due = snapshot.due[environment, lane] / demand
    position = known.at_node[environment, destination] / demand + due
    from_node = lasting.from_node[lane].unsqueeze(-1)
    # All of it may leave today: what arrives is unloaded before lanes depart.
    there = snapshot.on_hand + snapshot.dock + snapshot.arriving[..., 0]
    at_origin = there[environment, origin.clamp(max=nodes - 1)] / demand
    # What the origin has beyond the shortage of all that it feeds: where it hasn't enough, each must ask for less.
    spare = (there - known.below * known.rate)[environment, origin.clamp(max=nodes - 1)] / demand
    horizon = attributes.lane_lead_days + attributes.lane_interval_days
    cells = [
        _cover(position.clamp(min=0.0)),
        (position - horizon[lane].unsqueeze(-1)).clamp(-60.0, 60.0) / COVER_SCALE_DAYS,
        _cover(due),
        _cover(at_origin) * from_node,
        spare.clamp(-60.0, 60.0) / COVER_SCALE_DAYS * from_node,
    ]
    today = torch.stack(
        [
            _ratio((known.ahead / known.trailing[:, 1:])[environment, lane]),
            snapshot.lane_open[environment, lane],
        ],
        dim=-1,
    )
    return LaneFeatures(
        cells=torch.cat([torch.stack(cells, dim=-1), lasting.lane_cells[lane]], dim=-1),
        lanes=torch.cat([lasting.lanes[lane], today], dim=-1),
    )


def _passing(snapshot: Snapshot, attributes: NetworkAttributes, steady: Tensor) -> Passing:
    variance = (snapshot.demand_square - snapshot.demand_slow**2).clamp(min=0.0)
    recent = [steady, snapshot.demand_slow, snapshot.demand_quarter, snapshot.demand_fast, variance]
    rate, slow, quarter, fast, spread = torch.unflatten(
        echelon_rate(attributes, torch.cat(recent)), 0, (len(recent), -1)
    )
    return Passing(
        rate=rate.clamp(min=LEAST_RATE),
        slow=slow.clamp(min=LEAST_RATE),
        quarter=quarter.clamp(min=LEAST_RATE),
        fast=fast,
        variance=spread,
    )


def _cells(
    snapshot: Snapshot,
    attributes: NetworkAttributes,
    lasting: Lasting,
    passing: Passing,
    steady: Tensor,
    waiting: Tensor,
    at_node: Tensor,
    below: Tensor,
) -> Tensor:
    rate = passing.rate
    direct = attributes.direct_share @ steady
    capital = attributes.value_usd * attributes.capital_share_per_day
    holding = capital + attributes.volume_m3 * snapshot.storage_price.unsqueeze(-1)
    if attributes.may_perish:
        holding = holding + attributes.value_usd * attributes.once(_perishing_share_a_day)
    covers = _cover(torch.stack([snapshot.on_hand, snapshot.dock, snapshot.in_transit, waiting]) / rate)
    rates = [passing.fast, passing.slow, passing.quarter, lasting.mean.expand_as(rate)]
    cells = [
        *covers,
        *_ratio(torch.stack(rates) / rate),
        direct / rate,
        torch.log1p(torch.sqrt(passing.variance + LEAST_RATE) / rate) - 1.0,
        lasting.log_deviation.expand_as(rate),
        torch.log(rate) / 3.0 - 0.5,
        (torch.log(30 * holding / lasting.margin + 1e-4) + 3.0) / 2.0,
        lasting.log_value.expand_as(rate),
        below / COVER_SCALE_DAYS,
    ]
    return torch.cat([torch.stack(cells, dim=-1), _safety(snapshot, lasting, rate, at_node)], dim=-1)


def _safety(snapshot: Snapshot, lasting: Lasting, rate: Tensor, at_node: Tensor) -> Tensor:
    """[B, N, S, D] stock at the end of each of `ARRIVING_DAYS` if nothing more comes, in standard deviations of demand.

    Linear where it matters, logarithmic far out.
    """
    left = at_node.unsqueeze(-1) + snapshot.arriving - rate.unsqueeze(-1) * lasting.safety_days
    return torch.asinh(left / lasting.safety_units)


def _days_short_below(
    attributes: NetworkAttributes, lasting: Lasting, base_cover: Tensor, rate: Tensor, position: Tensor
) -> Tensor:
    """[B, N, S] days of `rate` by which the nodes fed from here, at any of the next stages, are below base stock.

    With it a node knows its echelon stock and not only its own: what is ordered for a chain of stages is best told from
    the stock of all that lies below (Clark and Scarf 1960, 'Optimal policies for a multi-echelon inventory problem').
    Negative where they have more than their base stock.
    """
    if not lasting.stages_below:
        return torch.zeros_like(rate)
    destination, primary = attributes.lane_destination, attributes.lane_primary
    short = primary * (base_cover * rate[:, destination] - position[:, destination])
    below = lasting.feeds @ short
    for _ in range(lasting.stages_below - 1):
        below = lasting.feeds @ (short + primary * below[:, destination])
    return (below / rate).clamp(-60.0, 60.0)


def _nodes(snapshot: Snapshot, attributes: NetworkAttributes) -> Tensor:
    used = snapshot.on_hand @ attributes.volume_m3 / attributes.capacity_m3
    claimed = (snapshot.dock + snapshot.in_transit) @ attributes.volume_m3 / attributes.capacity_m3
    return torch.stack([used.clamp(max=2.0), claimed.clamp(max=2.0), snapshot.equipment], dim=-1)


def _day(snapshot: Snapshot, trailing: Tensor, outlook: Tensor) -> Tensor:
    year = 2 * torch.pi * snapshot.day_of_year.to(outlook) / DAYS_PER_YEAR
    weeks = torch.stack([outlook[:, week] for week in OUTLOOK_WEEKS], dim=-1) / trailing[:, 1:]
    cycle = torch.stack([torch.sin(year), torch.cos(year)], dim=-1)
    return torch.cat([_ratio(torch.cat([weeks, trailing], dim=-1)), cycle], dim=-1)


def _perishing_share_a_day(attributes: NetworkAttributes) -> Tensor:
    """[N, S] 1 over the days for which goods can be sold at the node; 0 where they don't perish."""
    life = attributes.lane_life_days
    a_day = attributes.lane_primary * torch.where(life > 0, 1 / life.clamp(min=1e-3), 0.0)
    nodes = torch.arange(attributes.capacity_m3.shape[0], device=life.device)
    return (attributes.lane_destination == nodes[:, None]).to(a_day) @ a_day


def _cover(days: Tensor) -> Tensor:
    """Days of cover on a scale that is linear up to two weeks and logarithmic beyond."""
    return torch.log1p(days / COVER_SCALE_DAYS)


def _ratio(value: Tensor) -> Tensor:
    return torch.log(value.clamp(0.05, 20.0))
