"""From a network, its records and an exported policy to orders by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference import Decision, InferenceModule, Limits, Why
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import NetworkArrays, NetworkDescription
from entrepot.envs.network.description import Mode
from entrepot.envs.snapshot import (
    LongRunDemand,
    RecordedSnapshot,
    Records,
    Remark,
    by_name,
    snapshot_from_records,
    textbook_cover_days,
)
from entrepot.envs.snapshot.records.network_names import NetworkNames

WHOLLY_RELEASED = 0.995


@dataclass(frozen=True)
class Order:
    """Units of one SKU on one lane, by name."""

    lane: str
    origin: str
    destination: str
    mode: str
    sku: str
    units: int  # may go out
    held: int  # wait for a person
    why: str  # in words


@dataclass(frozen=True)
class RecordedDecision:
    """What was decided for one day, and from what."""

    decision: Decision
    snapshot: RecordedSnapshot
    attributes: Mapping[str, NDArray[Any]]  # of the network, as they were passed
    age_seconds: NDArray[np.float64]  # [1, N] of each node's stock records
    remarks: tuple[Remark, ...]  # what records left open, and what was taken from the module

    def orders(self) -> list[Order]:
        """Every lane and SKU on which something goes out or is held."""
        network, units, held = self.snapshot.network, self.decision.orders[0], self.decision.held[0]
        modes = [mode.value for mode in Mode]
        return [
            Order(
                lane=network.lanes[lane],
                origin=network.endpoints[network.lane.origin[lane]],
                destination=network.nodes[network.lane.destination[lane]],
                mode=modes[network.lane.mode[lane]],
                sku=network.skus[sku],
                units=int(units[lane, sku]),
                held=int(held[lane, sku]),
                why=_in_words(self.decision.why(int(lane), int(sku))),
            )
            for lane, sku in np.argwhere((units > 0) | (held > 0))
        ]


@dataclass(frozen=True)
class Known:
    """What a module is told of a day."""

    snapshot: RecordedSnapshot
    cover_days: NDArray[np.float64]  # [L, S] from which the policy starts
    taken: list[Remark]  # from the module, or in its place


def snapshot_for(
    module: InferenceModule,
    network: NetworkDescription,
    records: Records,
    date: str | Date,
    *,
    zone: str | None = None,
    zones: Mapping[str, str] | None = None,
    lane_open: Mapping[str, float] | None = None,
    lane_wait_days: Mapping[str, float] | None = None,
    equipment: Mapping[str, float] | None = None,
    covers: Mapping[str, Mapping[str, float]] | None = None,
    names: NetworkNames | None = None,
) -> Known:
    """The snapshot of a day with what a module knows of demand; arguments as `decide_from_records` has them.

    Raises:
        ConfigurationError: records that can't be used, where, and what is allowed.
    """
    names = names or NetworkNames.of(network)
    arrays = names.arrays
    long_run, cover, taken = _from_module(module, network.name, arrays, _told_covers(covers, arrays))
    found = snapshot_from_records(
        network,
        records,
        date,
        zone=zone,
        zones=zones,
        long_run=long_run,
        lane_open=lane_open,
        lane_wait_days=lane_wait_days,
        equipment=equipment,
        names=names,
    )
    return Known(found, cover, taken)


def decide_from_records(
    module: InferenceModule,
    network: NetworkDescription,
    records: Records,
    date: str | Date,
    *,
    decided_at: datetime | None = None,
    zone: str | None = None,
    zones: Mapping[str, str] | None = None,
    lane_open: Mapping[str, float] | None = None,
    lane_wait_days: Mapping[str, float] | None = None,
    equipment: Mapping[str, float] | None = None,
    covers: Mapping[str, Mapping[str, float]] | None = None,
    budget_usd: float | None = None,
    approval_units: float | None = None,
    approval_usd: float | None = None,
    approval_sales_days: float | None = None,
    names: NetworkNames | None = None,
) -> RecordedDecision:
    """Orders for one day. Capacities of lanes and suppliers, and minimum orders, are those of the network.

    What the module knows of demand in the long run, of months and of covers is used where it was exported for a
    network of the same name, joined by the names of markets, lanes and SKUs. Else the records tell of demand, and of
    months where they cover a year, and covers are the textbook's. A policy that works covers out by itself reads none.

    Args:
        module: from `entrepot.agents.inference.load`.
        network: `load_network` reads it from a YAML.
        records: of stock, sales, and what is on the way.
        date: of the decision, YYYY-MM-DD.
        decided_at: with an offset; the start of the day if None. The stock's age is counted up to then.
        zone: IANA name of the zone in which days begin, wherever `zones` names no other; UTC for the decision's own.
        zones: the same by name of a node, supplier or market.
        lane_open: share of usual capacity by lane.
        lane_wait_days: to the next departure, of lanes that holidays or a cut-off keep from their schedule.
        equipment: share of usual throughput by node.
        covers: days by lane and SKU that the policy starts from, such as a base stock tuned for the network; where they
            lack a lane or SKU, the module's or the textbook's.
        budget_usd: that goods from suppliers, freight and duty may cost.
        approval_units: a lane's order of more units is held for a person.
        approval_usd: a lane's order of more value is held for a person.
        names: of the same network, where somebody has made them already, which takes a while for many SKUs.
        approval_sales_days: a lane's order of more days of what its destination sold in the last month is held.

    Raises:
        ConfigurationError: records that can't be used, where, and what is allowed.
        InputRefused: a limit that can't be used.
    """
    names = names or NetworkNames.of(network)
    arrays = names.arrays
    known = snapshot_for(
        module,
        network,
        records,
        date,
        zone=zone,
        zones=zones,
        lane_open=lane_open,
        lane_wait_days=lane_wait_days,
        equipment=equipment,
        covers=covers,
        names=names,
    )
    found, cover, taken = known.snapshot, known.cover_days, known.taken
    attributes = found.attributes(cover)
    units = {name: values for name, values in module.network.items() if name.startswith("unit_")}
    if units:  # no records tell of their hours: nothing is maintained, and orders are decided all the same
        units["unit_node"] = np.minimum(units["unit_node"], len(arrays.nodes) - 1)
        attributes = {**attributes, **units}
    age = found.age_seconds(decided_at, zone=zone or "UTC")
    decision = module.decide(
        found.arrays,
        attributes,
        lane_names=arrays.lanes,
        sku_names=arrays.skus,
        node_names=arrays.nodes,
        market_names=arrays.markets,
        age_seconds=age,
        limits=Limits(
            lane_m3=arrays.lane.capacity_m3_per_day,
            supplier_units=arrays.supplier.capacity_units_per_day,
            minimum_order_units=_minimum_units(arrays),
            budget_usd=budget_usd,
            approval_units=approval_units,
            approval_usd=approval_usd,
            approval_sales_days=approval_sales_days,
        ),
    )
    return RecordedDecision(decision, found, attributes, age, (*found.remarks, *taken))


def _in_words(why: Why) -> str:
    """What a planner wants to know of one order; what the module can't say is left out."""
    parts = []
    if np.isfinite(why.target_days):
        parts.append(f"up to {why.target_days:.0f} days of {why.rate_units_per_day:.1f} a day")
    if np.isfinite(why.position_units):
        parts.append(f"{why.position_units:,.0f} there or due")
    if np.isfinite(why.released_share) and why.released_share < WHOLLY_RELEASED:
        parts.append(f"{why.released_share:.0%} released")
    if why.source == "fallback":
        parts.append("by the fallback")
    parts.extend(f"cut by {name}" for name in why.cut_by)
    return "; ".join(parts)


def _from_module(
    module: InferenceModule, name: str, network: NetworkArrays, told: NDArray[np.float64]
) -> tuple[LongRunDemand, NDArray[np.float64], list[Remark]]:
    names = module.manifest.names
    textbook = textbook_cover_days(network)
    if module.works_out_covers:
        return _long_run(module, network) if names.network == name else LongRunDemand(), textbook, _unread(told)
    if names.network != name:
        why = f"as the policy was tuned for {names.network}, not {name}"
        return LongRunDemand(), *_completed(told, textbook, why)

    long_run = _long_run(module, network)
    tuned = by_name(module.network["base_cover_days"], names.lanes, names.skus, network.lanes, network.skus)
    covers = np.where(np.isnan(told), tuned, told)
    return long_run, *_completed(covers, textbook, f"as {names.network} had no such lane or SKU when it was exported")


def _long_run(module: InferenceModule, network: NetworkArrays) -> LongRunDemand:
    names, demand = module.manifest.names, module.manifest.demand

    def by_market(table: NDArray[Any]) -> NDArray[np.float64]:
        return by_name(table, names.markets, names.skus, network.markets, network.skus)

    return LongRunDemand(
        demand.month_index,
        by_market(demand.demand_mean),
        by_market(module.network["demand_deviation"]),
        by_market(demand.demand_square),
    )


def _unread(told: NDArray[np.float64]) -> list[Remark]:
    """Covers that were told in vain."""
    if np.isnan(told).all():
        return []
    return [Remark("left out", "network", "the covers given, as the policy works them out by itself")]


def _completed(
    covers: NDArray[np.float64], textbook: NDArray[np.float64], why: str
) -> tuple[NDArray[np.float64], list[Remark]]:
    """Covers with the textbook's where there are none."""
    missing = np.isnan(covers)
    if not missing.any():
        return covers, []
    some = "" if missing.all() else f" in {missing.sum()} of {missing.size} cells"
    return np.where(missing, textbook, covers), [
        Remark("assumed", "network", f"base covers are the textbook's{some}, {why}")
    ]


def _told_covers(covers: Mapping[str, Mapping[str, float]] | None, network: NetworkArrays) -> NDArray[np.float64]:
    """[L, S] days, NaN where none were told."""
    if not covers:
        return np.full((len(network.lanes), len(network.skus)), np.nan)
    for lane, row in covers.items():
        for sku, days in row.items():
            if lane not in network.lanes or sku not in network.skus:
                raise ConfigurationError(f"covers: {lane}: {sku}: the network has no such lane or SKU")
            if not 0 <= days < np.inf:
                raise ConfigurationError(f"covers: {lane}: {sku}: {days}; allowed: days, 0 or more")
    told = [[covers.get(lane, {}).get(sku, np.nan) for sku in network.skus] for lane in network.lanes]
    return np.array(told, np.float64)


def _minimum_units(network: NetworkArrays) -> NDArray[np.float64]:
    """[L] units of one SKU that a lane's supplier delivers at the least; 0 between nodes."""
    least = np.concatenate([np.zeros(len(network.nodes)), network.supplier.minimum_order_units])
    return least[network.lane.origin]
