"""Networks that are right in form and hopeless in fact: what is allowed, hardly ever meant, and spoils every policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network import paths
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.description import UNLIMITED, NetworkDescription

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

ORDER_DAYS = 90
"""A minimum order that lasts longer is one that no stock rule places."""
WEEK_DAYS = 7
NAMED = 3
"""Of the names that a warning concerns, so many are spelt out."""


@dataclass(frozen=True)
class NetworkWarning:
    """One thing that is hardly ever meant."""

    kind: str  # what, as one word for programs
    where: str  # key or name
    what: str  # with the figures
    advice: str
    names: tuple[str, ...] = ()  # all SKUs or lanes that it concerns
    figures: dict[str, float] = field(default_factory=dict)  # with the unit in the name

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.advice}"

    def row(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "names": list(self.names)}


def warnings_of(
    network: NetworkDescription,
    arrays: NetworkArrays,
    *,
    units_per_day: Floats | None = None,
    days: int | None = None,
) -> list[NetworkWarning]:
    """What about a network is hardly ever meant.

    Args:
        network: the description.
        arrays: the same, compiled.
        units_per_day: [M, S] mean demand; without it nothing is said of capacities and minimums.
        days: of an episode or an evaluation; without it nothing is said of lead times.
    """
    landed = paths.landed_usd(  # [N, S]
        arrays.lane.origin,
        arrays.lane.destination,
        arrays.lane.freight_usd + arrays.lane.duty_usd,
        arrays.lane.primary,
        len(arrays.nodes),
        arrays.receiving_usd,
    )
    reached = np.isfinite(landed)
    found = [
        *_nodes(network, arrays, reached),
        *_lanes(arrays, reached),
        *_skus(arrays, reached),
        *_prices(network, arrays, landed),
    ]
    if days is not None:
        found += _lead_times(arrays, days)
    if units_per_day is not None:
        found += [
            *_minimums(arrays, units_per_day, days),
            *_space(arrays, units_per_day),
            *_throughput(arrays, units_per_day),
        ]
    return found


def _nodes(network: NetworkDescription, arrays: NetworkArrays, reached: Booleans) -> Iterator[NetworkWarning]:
    feeds = {arrays.nodes[origin] for origin in arrays.lane.origin if origin < len(arrays.nodes)}
    serves = {option.node for market in network.markets.values() for option in market.options}
    for name, any_sku in zip(arrays.nodes, _any(reached, 1), strict=True):
        if not any_sku:
            yield NetworkWarning(
                "unreached_node",
                f"nodes.{name}",
                f"no lane leads from a supplier to {name}",
                "add one from a supplier that makes something, or from a node that has it",
            )
        if name not in feeds and name not in serves:
            yield NetworkWarning(
                "idle_node",
                f"nodes.{name}",
                "serves no market and feeds no node",
                "add it to a market's options, or a lane from it",
            )


def _lanes(arrays: NetworkArrays, reached: Booleans) -> Iterator[NetworkWarning]:
    made = _made(arrays)
    has = np.concatenate([reached, made])[arrays.lane.origin] & arrays.lane.carries  # [L, S]
    for lane, carries in zip(arrays.lanes, _any(has, 1), strict=True):
        if not carries:
            yield NetworkWarning(
                "empty_lane",
                f"lanes {lane}",
                "its origin has no SKU to send",
                "name the supplier in `skus` or `supplier_shares`, bring goods to the origin, or leave the lane out",
            )
    smallest = float(arrays.sku.volume_m3.min())
    capacity = arrays.lane.capacity_m3_per_day
    for place in np.flatnonzero(capacity < smallest):
        yield NetworkWarning(
            "narrow_lane",
            f"lanes {arrays.lanes[place]}",
            f"capacity_m3_per_day is {capacity[place]:g}, less than the smallest unit's {smallest:g} m³, "
            "so that it never departs",
            "raise it, or leave the lane out",
            figures={"capacity_m3_per_day": float(capacity[place]), "unit_m3": smallest},
        )


def _skus(arrays: NetworkArrays, reached: Booleans) -> Iterator[NetworkWarning]:
    brought = np.stack([reached[_options(arrays, market)].any(axis=0) for market in range(len(arrays.markets))])
    nowhere = ~_any(brought, 0)
    if nowhere.any():
        yield NetworkWarning(
            "unsupplied_sku",
            "skus",
            f"no lane brings {_some(arrays.skus, nowhere)} to any market, so that all its sales are lost",
            "add a lane from a supplier that makes it, or name another supplier",
            names=_chosen(arrays.skus, nowhere),
        )
    for name, there in zip(arrays.markets, brought, strict=True):
        missing = ~there & ~nowhere
        if missing.any():
            yield NetworkWarning(
                "unsupplied_sku",
                f"markets.{name}",
                f"no lane brings {_some(arrays.skus, missing)} to a node that serves it",
                "add a lane, or an option that has it",
                names=_chosen(arrays.skus, missing),
            )


def _prices(network: NetworkDescription, arrays: NetworkArrays, landed: Floats) -> Iterator[NetworkWarning]:
    for column, (name, market) in enumerate(network.markets.items()):
        price = market.price_factor * arrays.sku.price_usd
        cost = arrays.sku.unit_value_usd + landed[_options(arrays, column)].min(axis=0)
        loses = (price < cost) & np.isfinite(cost)
        if not loses.any():
            continue
        worst = int(np.argmax(np.where(loses, cost - price, -np.inf)))
        yield NetworkWarning(
            "price_below_cost",
            f"markets.{name}",
            f"{_some(arrays.skus, loses)} sells for less than it costs to buy and to bring there: "
            f"{arrays.skus[worst]} for {price[worst]:,.2f} USD, which costs {cost[worst]:,.2f} USD, so that to lose a "
            "sale is cheaper than to serve it",
            "raise the price or its factor, or lower value or freight",
            names=_chosen(arrays.skus, loses),
            figures={"price_usd": float(price[worst]), "landed_cost_usd": float(cost[worst])},
        )


def _lead_times(arrays: NetworkArrays, days: int) -> Iterator[NetworkWarning]:
    used = arrays.lane.primary.any(axis=1)
    late = used & (arrays.lane.lead_days >= days)
    if late.any():
        longest = int(np.argmax(np.where(late, arrays.lane.lead_days, -1.0)))
        lead = float(arrays.lane.lead_days[longest])
        yield NetworkWarning(
            "short_horizon",
            "days",
            f"{days} days are no more than the lead time of {_some(arrays.lanes, late, 'lane')}: {lead:.1f} days on "
            f"{arrays.lanes[longest]}, so that nothing ordered there in that time arrives",
            f"take at least {int(np.ceil(2 * lead))} days",
            names=_chosen(arrays.lanes, late),
            figures={"days": float(days), "lead_days": lead},
        )


def _minimums(arrays: NetworkArrays, units_per_day: Floats, days: int | None) -> Iterator[NetworkWarning]:
    limit = ORDER_DAYS if days is None else min(ORDER_DAYS, days)
    through = _through(arrays, units_per_day)
    first = len(arrays.nodes)
    for place, name in enumerate(arrays.suppliers):
        minimum = float(arrays.supplier.minimum_order_units[place])
        lanes = np.flatnonzero(arrays.lane.origin == first + place)
        ordered = np.where(arrays.lane.primary[lanes], through[arrays.lane.destination[lanes]], 0.0)
        rate = ordered.max(axis=0, initial=0.0)
        rare = (rate > 0) & (minimum > limit * rate)
        if not rare.any():
            continue
        worst = int(np.argmin(np.where(rare, rate, np.inf)))
        lasts = minimum / float(rate[worst])
        yield NetworkWarning(
            "minimum_never_reached",
            f"suppliers.{name}.minimum_order_units",
            f"{minimum:,.0f} units are more than {limit} days of demand for {_some(arrays.skus, rare)}: "
            f"{lasts:,.0f} days for {arrays.skus[worst]} at {rate[worst]:.3g} units a day",
            "lower it, or check the demand",
            names=_chosen(arrays.skus, rare),
            figures={"minimum_order_units": minimum, "units_per_day": float(rate[worst]), "days_of_demand": lasts},
        )


def _space(arrays: NetworkArrays, units_per_day: Floats) -> Iterator[NetworkWarning]:
    week = WEEK_DAYS * _through(arrays, units_per_day) @ arrays.sku.volume_m3
    for place in np.flatnonzero(arrays.node.capacity_m3 < week):
        capacity = float(arrays.node.capacity_m3[place])
        yield NetworkWarning(
            "small_node",
            f"nodes.{arrays.nodes[place]}.capacity_m3",
            f"{capacity:,.1f} m³ are less than a week of the demand that passes there, {week[place]:,.1f} m³",
            "raise it, or serve part of the demand from elsewhere",
            figures={"capacity_m3": capacity, "week_of_demand_m3": float(week[place])},
        )


def _throughput(arrays: NetworkArrays, units_per_day: Floats) -> Iterator[NetworkWarning]:
    through = _through(arrays, units_per_day)
    for place, name in enumerate(arrays.nodes):
        into = arrays.lane.destination == place
        m3 = float(through[place] @ arrays.sku.volume_m3)
        by_lane, by_dock = float(arrays.lane.capacity_m3_per_day[into].sum()), float(arrays.node.dock_m3_per_day[place])
        for key, most in (("dock_m3_per_day", by_dock), ("capacity_m3_per_day of all lanes to it", by_lane)):
            if into.any() and most < min(m3, UNLIMITED):
                yield NetworkWarning(
                    "narrow_way",
                    f"nodes.{name}",
                    f"{key} is {most:,.2f}, less than the demand that passes there, {m3:,.2f} m³ a day",
                    "raise it, or serve part of the demand from elsewhere",
                    figures={"most_m3_per_day": most, "demand_m3_per_day": m3},
                )
    for column, name in enumerate(arrays.markets):
        most = float(arrays.node.picking_units_per_day[_options(arrays, column)].sum())
        wanted = float(units_per_day[column].sum())
        if most < wanted:
            yield NetworkWarning(
                "slow_picking",
                f"markets.{name}",
                f"its nodes pick {most:,.1f} units a day at most, and {wanted:,.1f} are asked for",
                "raise picking_units_per_day, or add an option",
                figures={"picking_units_per_day": most, "demand_units_per_day": wanted},
            )
    made = _made(arrays)
    alone = made & (made.sum(axis=0) == 1)
    for place, name in enumerate(arrays.suppliers):
        most, wanted = float(arrays.supplier.capacity_units_per_day[place]), float(units_per_day[:, alone[place]].sum())
        if most < wanted:
            yield NetworkWarning(
                "slow_supplier",
                f"suppliers.{name}.capacity_units_per_day",
                f"{most:,.1f}, and {wanted:,.1f} units a day are asked for of SKUs that nobody else makes",
                "raise it, or name another supplier",
                figures={"capacity_units_per_day": most, "demand_units_per_day": wanted},
            )


def _made(arrays: NetworkArrays) -> Booleans:
    """[K, S] whether a lane of the supplier carries the SKU."""
    made = np.zeros((len(arrays.suppliers), len(arrays.skus)), np.bool_)
    lanes = np.flatnonzero(arrays.lane.origin >= len(arrays.nodes))
    np.logical_or.at(made, arrays.lane.origin[lanes] - len(arrays.nodes), arrays.lane.carries[lanes])
    return made


def _any(which: Booleans, axis: int) -> Booleans:
    found: Booleans = np.asarray(which.any(axis=axis))
    return found


def _through(arrays: NetworkArrays, units_per_day: Floats) -> Floats:
    """[N, S] units a day that pass a node on their cheapest way to the markets."""
    through: Floats = np.einsum("nms,ms->ns", arrays.market.echelon_share, units_per_day)
    return through


def _options(arrays: NetworkArrays, market: int) -> NDArray[np.int64]:
    nodes: NDArray[np.int64] = arrays.option.node[arrays.option.exists[:, market], market]
    return nodes


def _chosen(names: tuple[str, ...], which: Booleans) -> tuple[str, ...]:
    return tuple(names[place] for place in np.flatnonzero(which))


def _some(names: tuple[str, ...], which: Booleans, word: str = "SKU") -> str:
    chosen = _chosen(names, which)
    shown = ", ".join(chosen[:NAMED]) + (", …" if len(chosen) > NAMED else "")
    return f"{len(chosen)} of {len(names)} {word}s ({shown})"
