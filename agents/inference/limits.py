"""The limits that ship with a module, joined by name to the network at hand and narrowed by the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.errors import InputRefused
from entrepot.agents.inference.feasibility import MOST_UNITS, Bounds
from entrepot.agents.inference.manifest import Names, OwnLimits
from entrepot.agents.inference.order_up_to import LEAST_RATE, echelon_rate

Floats = NDArray[np.float64]


def narrowed(
    caller: Bounds,
    own: OwnLimits,
    names: Names,
    network: Mapping[str, NDArray[Any]],
    lanes: Sequence[str],
    skus: Sequence[str],
    own_suppliers: bool,
) -> Bounds:
    """The caller's bounds and the module's, whichever is the narrower.

    Args:
        caller: from `bounds_of`.
        own: limits of the module's own network.
        names: of that network.
        network: to decide for.
        lanes: [L] its names; the empty name is unknown.
        skus: [S] the same.
        own_suppliers: whether its lanes start from the module's own suppliers.
    """
    lane = _places(names.lanes, lanes)
    sku = _places(names.skus, skus)
    minimum = np.broadcast_to(_picked(own.minimum_order_units, lane, 0.0)[:, None], (len(lanes), len(skus)))
    units = _picked(own.approval_units, lane, np.inf)
    if (lane < 0).any() and np.isfinite(own.approval_days):
        rate = echelon_rate(network, network["demand_mean"][None].astype(np.float64)).clip(LEAST_RATE).sum(axis=-1)[0]
        units = np.where(lane >= 0, units, own.approval_days * rate[network["lane_destination"]])
    return replace(
        caller,
        lane_m3=_least(caller.lane_m3, _picked(own.lane_m3, lane, np.inf)),
        supplier_units=_least(caller.supplier_units, own.supplier_units[: len(caller.suppliers.lane)])
        if own_suppliers
        else caller.supplier_units,
        minimum_units=_most(caller.minimum_units, minimum),
        pack_units=common_packs(caller.pack_units, _picked(own.pack_units, sku, 1.0)),
        approval_units=_least(caller.approval_units, units),
        approval_usd=_least(caller.approval_usd, _picked(own.approval_usd, lane, np.inf)),
        approval_sales_days=_less(caller.approval_sales_days, own.approval_sales_days),
    )


def common_packs(caller: Floats, own: Floats) -> Floats:
    """[S] the smallest packs that are whole packs of both.

    Raises:
        InputRefused: they are larger than an order can be.
    """
    if (own == 1).all():
        return caller
    packs = np.lcm(caller.astype(np.int64), own.astype(np.int64)).astype(np.float64)
    if ((packs <= 0) | (packs > MOST_UNITS)).any():
        raise InputRefused("limits.pack_units: no order is whole packs of these and of the module's own too")
    return packs


def _places(known: Sequence[str], asked: Sequence[str]) -> NDArray[np.int64]:
    if known == asked:
        return np.arange(len(known))
    if not any(asked):
        return np.full(len(asked), -1)
    place = {name: index for index, name in enumerate(known)}
    return np.array([place.get(name, -1) for name in asked], np.int64)


def _picked(values: Floats, place: NDArray[np.int64], otherwise: float) -> Floats:
    if not len(values):
        return np.full(len(place), otherwise)
    return np.where(place >= 0, values[np.maximum(place, 0)], otherwise)


def _least(caller: Floats | None, own: Floats) -> Floats | None:
    if not np.isfinite(own).any():
        return caller
    if caller is None:
        return own
    if len(caller) > len(own):  # suppliers of which no lane of ours starts
        own = np.append(own, np.full(len(caller) - len(own), np.inf))
    return np.minimum(caller, own[: len(caller)])


def _less(caller: float | None, own: float) -> float | None:
    least = own if caller is None else min(caller, own)
    return least if np.isfinite(least) else None


def _most(caller: Floats | None, own: Floats) -> Floats | None:
    if not own.any():
        return caller
    return own if caller is None else np.maximum(caller, own)
