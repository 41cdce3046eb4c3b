"""From a snapshot and a forecast to the instance that a rolling plan is made for, and to its safety stock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from entrepot.agents.planners.doubles import doubles
from entrepot.agents.planners.forecast import HORIZONS, QUANTILES, Forecaster
from entrepot.agents.planners.instance import Instance, Opening, PlannedNetwork
from entrepot.agents.planners.rolling import LENGTHS, PERIODS, STARTS, WEEK, Safety, period_of
from entrepot.envs.network.disruption.when import LONGEST_DAYS as FAR_DAYS
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot import calendar
from entrepot.envs.twin import TwinParameters

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEAST_RATE = 1e-6
EASE = 0.5


@dataclass(frozen=True)
class PlanningSettings:
    """How a rolling plan weighs what the linear program can't see; tuned on kreen's training scenarios."""

    consolidation: float = 1.0
    """On the economic interval between a lane's departures."""
    longest_interval_weeks: int = 4
    expedite_share: float = 0.25
    """Of a week's volume at its destination: what a lane that is nobody's usual way is thought to carry at a time."""
    shortage_share: float = 0.5
    """Between what the next fulfilment option costs more (0) and a lost sale (1): what running low at a node risks."""
    upstream_share: float = 0.2
    """Of a sale lost downstream: what running low at a node without customers of its own risks."""


@dataclass(frozen=True)
class Horizon:
    """What doesn't change from plan to plan. N nodes, M markets, L lanes, S SKUs."""

    network: PlannedNetwork  # freight with shipments' prices spread over the usual volume
    lane_delay_days: Floats  # [L] expected beyond schedule
    interval_weeks: Integers  # [L] between departures that are used
    every_departure: NDArray[np.bool_]  # [L] used, because one a week could not carry the usual volume with ease
    rate: Floats  # [N, S] units a day through each node in the long run
    echelon_share: Floats  # [N, M, S]
    protected_days: Floats  # [N, S] from an order on the cheapest way until the next one arrives
    cycle_days: Floats  # [N, S] between orders on the cheapest way
    late_days: Floats  # [N, S] standard deviation of its lead time
    shortage_usd: Floats  # [N, S] per unit short
    capacity_share: Floats  # [S]
    forecaster: Forecaster

    @classmethod
    def of(
        cls,
        parameters: TwinParameters,
        attributes: NetworkAttributes,
        forecaster: Forecaster,
        settings: PlanningSettings,
    ) -> Self:
        """Prepare for a network."""
        network = PlannedNetwork.of(parameters)
        known = {name: doubles(getattr(attributes, name)) for name in ("lane_lead_days", "lane_lead_deviation_days")}
        primary, share = doubles(attributes.lane_primary), doubles(attributes.echelon_share)
        rate = np.einsum("nms,ms->ns", share, forecaster.mean)
        through = rate[network.lane_destination]  # [L, S]
        interval = _interval_weeks(network, through * primary, settings)
        volume = WEEK * interval * (through * primary @ network.volume_m3)
        seldom = settings.expedite_share * WEEK * (through @ network.volume_m3)
        usual = np.where(primary.any(axis=1), volume, seldom)
        spread = network.lane_shipment_usd / np.maximum(usual, LEAST_RATE)
        lane_days = known["lane_lead_days"] + WEEK * interval
        busy = _busy(network, WEEK * through * primary)
        load = rate.sum(axis=0) * network.volume_m3
        return cls(
            network=replace(network, lane_freight_usd=network.lane_freight_usd + spread[:, None] * network.volume_m3),
            lane_delay_days=known["lane_lead_days"] - network.lane_transit_days - network.lane_wait_days.mean(axis=0),
            interval_weeks=np.where(busy, 1, interval),
            every_departure=busy,
            rate=rate,
            echelon_share=share,
            protected_days=_of_primary(network, primary, lane_days),
            cycle_days=_of_primary(network, primary, WEEK * interval.astype(np.float64)),
            late_days=_of_primary(network, primary, known["lane_lead_deviation_days"]),
            shortage_usd=_shortage_usd(network, forecaster.mean, share, settings),
            capacity_share=load / max(load.sum(), LEAST_RATE),
            forecaster=forecaster,
        )

    def plan_for(self, snapshot: Snapshot, episodes: Integers) -> list[tuple[Instance, Safety]]:
        """What some environments plan for today."""
        weekly = self.forecaster.weekly(snapshot)[episodes]
        pipeline = snapshot.pipeline
        return [
            self._one(snapshot, int(episode), pipeline[episode], weekly[row]) for row, episode in enumerate(episodes)
        ]

    def _one(self, snapshot: Snapshot, episode: int, pipeline: torch.Tensor, weekly: Floats) -> tuple[Instance, Safety]:
        network = self.network
        rate = weekly[np.minimum(STARTS // WEEK, len(weekly) - 1)]  # [T, M, S]
        demand = rate * LENGTHS[:, None, None]
        returns = network.market_home * network.return_share * network.restock_share[:, None]
        departs, departure = self._departures(int(snapshot.weekday[episode]), int(snapshot.day_of_year[episode]))
        due = departure + np.round(network.lane_transit_days + self.lane_delay_days).astype(np.int64)
        month = calendar.month(calendar.day_number("2011-01-01") + int(snapshot.day_of_year[episode]) + STARTS)
        lanes = len(network.lane_destination)
        share = np.broadcast_to(network.backlog_share[:, None], demand.shape)
        instance = Instance(
            network=network,
            opening=_opening(snapshot, episode, pipeline),
            demand=demand,
            waits_least=share,
            waits_most=share,
            restocked=np.einsum("nm,tms->tns", returns, demand),
            arrival=np.maximum(period_of(due), np.arange(PERIODS)[:, None] + 1),
            transit_days=np.minimum(due, LENGTHS.sum()) - STARTS[:, None],
            container_surge=np.ones((PERIODS, lanes)),
            departs_later=np.zeros((PERIODS, lanes)),
            length_days=LENGTHS,
            storage_usd_per_m3_day=network.storage_usd_per_m3_day.T[month],
            equipment=np.ones((PERIODS, len(network.capacity_m3))),
            lane_open=departs * self._open(snapshot, episode, departure),
            supplier_up=np.broadcast_to(LENGTHS[:, None], (PERIODS, len(network.supplier_units_per_day))),
            price_surge=np.ones((PERIODS, lanes)),
        )
        return instance, self._safety(rate)

    def _open(self, snapshot: Snapshot, episode: int, departure: Integers) -> Floats:
        """[T, L] share of each lane's capacity: today's until the next plan is made, then all of it.

        Where a closure's days are known, nothing leaves on these, and all of it before and after.
        """

        def of(values: torch.Tensor) -> Floats:
            return np.asarray(doubles(values[min(episode, len(values) - 1)]))

        shares = np.where((STARTS < WEEK)[:, None], of(snapshot.lane_open), 1.0)
        if snapshot.lane_shuts_in_days is None or snapshot.lane_reopens_in_days is None:
            return shares
        shuts, reopens = of(snapshot.lane_shuts_in_days), of(snapshot.lane_reopens_in_days)
        known = (shuts < FAR_DAYS) & (reopens < FAR_DAYS)
        shut = known & (shuts <= departure) & (departure < reopens)
        return np.asarray(np.where(shut, 0.0, np.where(known & (shuts <= 0), 1.0, shares)))

    def _departures(self, weekday: int, day_of_year: int) -> tuple[Floats, Integers]:
        """[T, L] twice: how many departures of a period are used, and the day from today on which its goods leave."""
        wait = self.network.lane_wait_days
        block = STARTS // WEEK * WEEK  # plans are made once a week: each block of seven days is a planner's week
        first = block[:, None] + wait[(weekday + block) % WEEK]
        daily = (LENGTHS == 1)[:, None]
        leaves = wait[(weekday + STARTS) % WEEK] == 0
        a_week = (wait == 0).sum(axis=0)
        departs = np.where(daily, STARTS[:, None] == first, True).astype(np.float64)
        each = np.where(daily, leaves, a_week)
        week = (day_of_year + block) // WEEK
        lanes = np.arange(len(self.interval_weeks))
        used = (week[:, None] + lanes) % self.interval_weeks == 0
        return np.where(self.every_departure, each, departs * used), np.where(daily, STARTS[:, None], first)

    def _safety(self, rate: Floats) -> Safety:
        """Slices between quantiles of the error of what is asked until the next order can arrive."""
        through = np.einsum("nms,tms->tns", self.echelon_share, rate)
        protected = np.minimum(self.protected_days, STARTS[:, None, None] + 1)  # what is near can't be made up for
        horizon = np.minimum(np.ceil(protected / WEEK).astype(np.int64) - 1, len(HORIZONS) - 1)
        node, sku = np.ogrid[: through.shape[1], : through.shape[2]]
        errors = self.forecaster.errors[:, horizon, node, sku]  # [Q, T, N, S]
        above = np.array([max(NormalDist().inv_cdf(quantile), 0.0) for quantile in QUANTILES])[:, None, None, None]
        late = above * np.minimum(self.late_days, protected) * through
        level = np.hypot(np.maximum(errors * protected * through, 0.0), late)
        slices = np.diff(np.maximum.accumulate(level, axis=0), axis=0, prepend=0.0)
        middle = (np.array(QUANTILES) + np.array([0.0, *QUANTILES[:-1]])) / 2
        return Safety(slices, (1 - middle)[:, None, None] * self.shortage_usd / self.cycle_days)


def _interval_weeks(network: PlannedNetwork, through: Floats, settings: PlanningSettings) -> Integers:
    """[L] economic interval (Harris 1913) between departures of the goods whose cheapest way the lane is."""
    storage = network.storage_usd_per_m3_day.mean(axis=1)[:, None] * network.volume_m3
    holding = network.value_usd * network.capital_share_per_day + storage
    held = (through * holding[network.lane_destination]).sum(axis=1)
    days = np.sqrt(2 * network.lane_shipment_usd / np.maximum(held, LEAST_RATE)) * settings.consolidation
    weeks = np.clip(np.round(days / WEEK), 1, settings.longest_interval_weeks).astype(np.int64)
    return np.where(through.any(axis=1), weeks, 1)


def _busy(network: PlannedNetwork, weekly: Floats) -> NDArray[np.bool_]:
    """[L] whether a week's usual units [L, S] fill more than half of what the lane or its supplier can do in a day."""
    by_lane = weekly @ network.volume_m3 > EASE * network.lane_m3_per_day
    by_supplier = network.lane_from_supplier @ weekly.sum(axis=1) > EASE * network.supplier_units_per_day
    return np.asarray(by_lane | (network.lane_from_supplier.T @ by_supplier > 0))


def _of_primary(network: PlannedNetwork, primary: Floats, days: Floats) -> Floats:
    """[N, S] a lane's figure at each node and SKU, of the lane that is its cheapest way; 7 days where there is none."""
    found = np.zeros((len(network.capacity_m3), primary.shape[1]))
    np.maximum.at(found, network.lane_destination, primary * days[:, None])
    return np.where(found > 0, found, float(WEEK))


def _shortage_usd(network: PlannedNetwork, mean: Floats, share: Floats, settings: PlanningSettings) -> Floats:
    """[N, S] what a unit short at a node costs, by the markets whose demand it serves or passes on."""
    margin = network.lost_margin_usd * (1 - network.backlog_share[:, None])
    detour = np.broadcast_to(np.inf, margin.shape)
    if len(network.option_usd) > 1:
        second = network.option_group[1].sum(axis=0) > 0
        detour = np.where(second, network.option_usd[1] - network.option_usd[0], np.inf)[:, None]
    least = np.minimum(detour, margin)
    own = least + settings.shortage_share * (margin - least)
    asked = network.market_home[:, :, None] * mean
    own_usd = (asked * own).sum(axis=1) / np.maximum(asked.sum(axis=1), LEAST_RATE)
    passed = share * mean
    downstream = (passed * margin).sum(axis=1) / np.maximum(passed.sum(axis=1), LEAST_RATE)
    return np.asarray(np.where(asked.sum(axis=1) > 0, own_usd, settings.upstream_share * downstream))


def _opening(snapshot: Snapshot, episode: int, pipeline: torch.Tensor) -> Opening:
    ring = doubles(pipeline.permute(2, 0, 1))  # [H, N, S]
    arriving = np.zeros((PERIODS, *ring.shape[1:]))
    period = period_of(np.arange(len(ring)))
    np.add.at(arriving, period[period < PERIODS], ring[period < PERIODS])
    known = (
        doubles(snapshot.on_hand[episode]),
        doubles(snapshot.dock[episode]),
        arriving,
        doubles(snapshot.backlog[episode]),
        np.zeros((2, *ring.shape[1:])),
    )
    return Opening(*(np.stack([units, units]) for units in known))
