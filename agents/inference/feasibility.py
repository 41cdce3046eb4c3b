"""From what a policy wishes to what can be done: whole packs, minimum orders, capacities, stock, budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entrepot.agents.inference.decision import CUTS, Limits, Reason
from entrepot.agents.inference.errors import InputRefused
from entrepot.agents.inference.plain import plain_array
from entrepot.agents.inference.rationing import split, within
from entrepot.agents.inference.rows import Rows

Floats = NDArray[Any]
Network = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Starts:
    """Which lanes start from each of O origins, G at the most, in their order."""

    lane: NDArray[np.int64]  # [O, G]
    there: NDArray[np.bool_]  # [O, G] False where an origin has fewer


@dataclass(frozen=True)
class Bounds:
    """Limits as arrays in their full shapes, and what of a network they bear on; infinite where nothing limits."""

    lane_m3: Floats | None  # [L]
    supplier_units: Floats | None  # [K]
    minimum_units: Floats | None  # [L, S]
    pack_units: Floats  # [S]
    budget_usd: Floats | None  # [B]
    nodes: Starts  # lanes that start from each of N nodes
    suppliers: Starts  # lanes that start from each of K suppliers
    spend_usd: Floats  # [L, S] USD that leave the account with a unit
    value_usd: Floats  # [L, S] USD that a unit is worth at the lane's end
    approval_units: Floats | None = None  # [L]
    approval_usd: Floats | None = None  # [L]
    approval_sales_days: float | None = None

    def of_rows(self, rows: slice) -> Bounds:
        """The same for some of the rows."""
        return self if self.budget_usd is None else replace(self, budget_usd=self.budget_usd[rows])


UPWARDS = 1 + 2.0**-20
"""Before rounding, so that a half is rounded up though its last bit is missing: as the policy in torch does."""
MOST_UNITS = 2.0**53
"""Up to here double precision knows every whole number; no order is larger."""


def bounds_of(limits: Limits, network: Network, rows: int) -> Bounds:
    """Check limits and bring them into shape.

    Raises:
        InputRefused: the limit, what it is and what is allowed.
    """
    skus = network["echelon_share"].shape[2]
    lanes = len(network["lane_origin"])
    suppliers = suppliers_of(network)
    minimum = _limit("minimum_order_units", limits.minimum_order_units, (lanes,), (lanes, skus))
    if minimum is not None and minimum.ndim == 1:
        minimum = minimum[:, None]
    pack = _limit("pack_units", limits.pack_units, (skus,))
    if pack is not None and ((pack < 1) | (pack != np.floor(pack))).any():
        raise InputRefused(f"limits.pack_units: {pack[(pack < 1) | (pack != np.floor(pack))][0]:g}; must be 1, 2, 3, …")
    if pack is not None and not (pack <= MOST_UNITS).all():
        raise InputRefused("limits.pack_units: infinite or too large; must be 1, 2, 3, …")
    budget = _limit("budget_usd", limits.budget_usd, (), (rows,))
    supplier_units = _limit("supplier_units", limits.supplier_units, (None,))
    if supplier_units is not None and len(supplier_units) < suppliers:
        raise InputRefused(f"limits.supplier_units: {len(supplier_units)} figures for {suppliers} suppliers")
    sales_days = _limit("approval_sales_days", limits.approval_sales_days, ())
    nodes = len(network["capacity_m3"])
    counted = suppliers if supplier_units is None else len(supplier_units)
    return Bounds(
        nodes=lanes_from(np.arange(nodes), network),
        suppliers=lanes_from(nodes + np.arange(counted), network),
        spend_usd=spend_usd(network),
        value_usd=value_usd(network),
        lane_m3=_limit("lane_m3", limits.lane_m3, (lanes,)),
        supplier_units=supplier_units,
        minimum_units=None if minimum is None else np.broadcast_to(minimum, (lanes, skus)),
        pack_units=np.ones(skus) if pack is None else pack,
        budget_usd=None if budget is None else np.broadcast_to(budget, (rows,)),
        approval_units=_approval("approval_units", limits.approval_units, lanes),
        approval_usd=_approval("approval_usd", limits.approval_usd, lanes),
        approval_sales_days=None if sales_days is None else float(sales_days),
    )


def suppliers_of(network: Network) -> int:
    """K, as far as lanes start there."""
    return max(0, int(network["lane_origin"].max(initial=-1)) + 1 - int(network["echelon_share"].shape[0]))


def _approval(name: str, value: float | None, lanes: int) -> Floats | None:
    limit = _limit(name, value, ())
    return None if limit is None else np.broadcast_to(limit, (lanes,))


def project(
    raw: Floats,
    bounds: Bounds,
    network: Network,
    on_hand: Floats,
    lane_open: Floats,
    rows: Rows,
    cut_by: NDArray[np.uint16] | None = None,
    scarce: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """The nearest orders that can be carried out.

    Rounded to whole packs (what lanes get of a scarce stock together, as the policy in torch does), and below a minimum
    to it or to nothing, whichever is nearer. What is then too much for a lane, a supplier, an origin's stock or the
    budget is cut in proportion, in that order; what has been cut below its minimum isn't ordered. Each cut is noted as
    a reason.

    Args:
        raw: [B, L, S] units, finite.
        bounds: from `bounds_of`.
        network: its attributes.
        on_hand: [B, N, S] units.
        lane_open: [B, L] share of the lane's capacity.
        rows: told of what was cut.
        cut_by: [B, L, S] gets the bits of `CUTS` of what was cut, if given.
        scarce: [B, L, S] where the policy gave a share of what its origin has; nowhere if None.

    Returns:
        [B, L, S] whole units.
    """
    pack = bounds.pack_units
    # What is larger than any order can be is left to the guard, which orders nothing.
    wished = np.clip(raw.astype(np.float64), 0.0, MOST_UNITS)
    if cut_by is None:
        cut_by = np.zeros(raw.shape, np.uint16)
    packs = whole_packs(wished / pack, bounds.nodes, scarce)
    least = None
    if bounds.minimum_units is not None:
        least = np.ceil(bounds.minimum_units / pack)
        met = np.where((packs < least) & (packs > 0), np.where(2 * packs >= least, least, 0.0), packs)
        why = "below the minimum, so raised to it or not ordered"
        packs = _noted(packs, met, rows, cut_by, "minimum_order_units", why)
    usable = (network["lane_carries"] > 0.5) & (lane_open > 0)[:, :, None]
    packs = _noted(
        packs, np.where(usable, packs, 0.0), rows, cut_by, "lane_open", "lanes closed, or unable to carry the SKU"
    )
    if bounds.lane_m3 is not None:
        cut = within(packs, pack * network["volume_m3"], bounds.lane_m3 * lane_open)
        packs = _noted(packs, cut, rows, cut_by, "lane_m3", "more than the lane's capacity")
    if bounds.supplier_units is not None:
        cut = _within_suppliers(packs, bounds.supplier_units, bounds.suppliers, pack)
        packs = _noted(packs, cut, rows, cut_by, "supplier_units", "more than the supplier's capacity")
    cut = _within_stock(packs, bounds.nodes, np.floor(on_hand / pack))
    packs = _noted(packs, cut, rows, cut_by, "on_hand", "more than the origin has")
    if bounds.budget_usd is not None:
        spend = (bounds.spend_usd * pack).reshape(-1)
        cut = within(packs.reshape(len(packs), spend.size), spend, bounds.budget_usd).reshape(packs.shape)
        packs = _noted(packs, cut, rows, cut_by, "budget_usd", "more than the budget")
    if least is not None:
        packs = _noted(
            packs, np.where(packs < least, 0.0, packs), rows, cut_by, "minimum_order_units", "cut below the minimum"
        )
    return np.asarray(packs * pack, np.int64)


def value_usd(network: Network) -> Floats:
    """[L, S] USD per unit: the goods, their freight and duty."""
    return np.asarray(network["value_usd"] + network["lane_landed_usd"], np.float64)


def spend_usd(network: Network) -> Floats:
    """[L, S] USD per unit that leave the account: a transfer's goods are paid for already."""
    from_supplier = network["lane_origin"] >= len(network["capacity_m3"])
    landed = network["lane_landed_usd"].astype(np.float64)
    return landed + np.where(from_supplier[:, None], network["value_usd"], 0.0)


def whole_packs(packs: Floats, starts: Starts, scarce: NDArray[np.bool_] | None) -> Floats:
    """[B, L, S] whole packs; of scarce stock an origin's lanes get together what they would in sum, rounded.

    Args:
        packs: [B, L, S] wished, not rounded.
        starts: which lanes start from each node.
        scarce: as in `project`.
    """
    nearest = np.rint(packs)
    if scarce is None or not scarce.any():
        return nearest
    shares = np.where(starts.there[..., None], packs[:, starts.lane], 0.0)  # [B, N, G, S]
    running = np.floor(shares.cumsum(axis=2) * UPWARDS + 0.5)
    together = _put_back(nearest, np.diff(running, axis=2, prepend=0.0), starts.lane, starts.there)
    return np.where(scarce, together, nearest)


def _within_suppliers(packs: Floats, supplier_units: Floats, starts: Starts, pack: Floats) -> Floats:
    """A supplier's capacity counts units of all its lanes and SKUs together."""
    lane, there = starts.lane, starts.there
    if (packs[:, lane[there]] * pack).sum() <= supplier_units.min(initial=np.inf):  # then none can be over
        return packs
    asked = np.where(there[..., None], packs[:, lane], 0.0)  # [B, K, G, S]
    cut = within(
        asked.reshape(*asked.shape[:2], asked.shape[2] * asked.shape[3]), np.tile(pack, lane.shape[1]), supplier_units
    )
    return _put_back(packs, cut.reshape(asked.shape), lane, there)


def _within_stock(packs: Floats, starts: Starts, available: Floats) -> Floats:
    """What a node's lanes take together is no more than it has, [B, N, S]."""
    lane, there = starts.lane, starts.there
    if not packs[:, lane[there]].any():  # nothing is transferred
        return packs
    asked = np.where(there[..., None], packs[:, lane], 0.0)  # [B, N, G, S]
    given = split(
        asked.reshape(asked.shape[0] * asked.shape[1], *asked.shape[2:]),
        available.reshape(asked.shape[0] * asked.shape[1], available.shape[2]),
    )
    return _put_back(packs, given.reshape(asked.shape), lane, there)


def lanes_from(origins: NDArray[np.int64], network: Network) -> Starts:
    """Of [O] origins, by their places among endpoints, the lanes that start there."""
    starts = network["lane_origin"] == origins[:, None]
    most = int(starts.sum(axis=1).max(initial=1))
    lane = np.argsort(~starts, axis=1, kind="stable")[:, :most]
    return Starts(lane, np.take_along_axis(starts, lane, axis=1))


def _put_back(packs: Floats, cut: Floats, lane: NDArray[np.int64], there: NDArray[np.bool_]) -> Floats:
    """[B, L, S] with the lanes of `cut` [B, O, G, S] in their places."""
    result = packs.copy()
    result[:, lane[there]] = cut[:, there]
    return result


def _noted(before: Floats, after: Floats, rows: Rows, cut_by: NDArray[np.uint16], field: str, why: str) -> Floats:
    if after is before:
        return after
    changed = before != after
    if not changed.any():
        return after
    cut_by |= changed.astype(np.uint16) << np.uint16(CUTS.index(field))
    for row in np.flatnonzero(changed.any(axis=(1, 2))):
        rows.note(
            np.array([row]),
            Reason(
                "feasibility",
                field,
                f"{why}: {'changed' if field == 'minimum_order_units' else 'cut'} in {int(changed[row].sum())} cells",
            ),
        )
    return after


def _limit(name: str, value: ArrayLike | None, *shapes: tuple[int | None, ...]) -> Floats | None:
    if value is None:
        return None
    array, problem = plain_array(value)
    if array is None or array.dtype.kind == "b":
        raise InputRefused(f"limits.{name}: {problem or 'is of type bool; real numbers are required'}")
    fits = any(
        array.ndim == len(shape) and all(size in (None, have) for size, have in zip(shape, array.shape, strict=True))
        for shape in shapes
    )
    if not fits:
        allowed = " or ".join(str(["any" if size is None else size for size in shape]) for shape in shapes)
        raise InputRefused(f"limits.{name}: has shape {list(array.shape)}; {allowed} is required")
    if np.isnan(array).any() or (array < 0).any():
        raise InputRefused(f"limits.{name}: holds NaN or negative figures; 0 or more is allowed")
    return array.astype(np.float64)
