"""What a decision is asked with and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entrepot.agents.inference.errors import InputRefused

Rung = Literal["schema", "values", "freshness", "envelope", "policy", "feasibility", "approval", "guard"]
Source = Literal["policy", "fallback"]


@dataclass(frozen=True)
class Reason:
    """Why a row went to the fallback, was held, or was changed after the policy spoke."""

    rung: Rung
    field: str  # the input or limit it is about; empty where it is about none
    message: str

    def __str__(self) -> str:
        return f"{self.rung}: {self.field}: {self.message}" if self.field else f"{self.rung}: {self.message}"


@dataclass(frozen=True)
class Versions:
    """What made a decision; enough to find the same module again."""

    module: str  # NAME/VERSION
    trained_by: str  # version of the code that trained and exported the module
    code: str  # version of the code that runs it
    manifest_digest: str  # SHA-256 of manifest.json


@dataclass(frozen=True)
class Tolerance:
    """How far outside the inputs seen in training the policy is still trusted.

    Attributes:
        margin: a range is widened at both ends by this share of its width, or of its upper end if that is more.
        share: a row is held as a whole when more than this share of one quantity's cells lies outside.
    """

    margin: float = 0.5
    share: float = 0.05


@dataclass(frozen=True)
class Limits:
    """What orders may not exceed; None is no limit. K suppliers stand after the N nodes among lanes' origins.

    Stock at the origin always binds. Capacities are per day. The module's own network brings limits of its own, which
    these only narrow, unless `replaces` says that they stand in place of them.
    """

    lane_m3: ArrayLike | None = None  # [L] m³; times the lane's open share
    supplier_units: ArrayLike | None = None  # [K] units over all lanes and SKUs
    minimum_order_units: ArrayLike | None = None  # [L] or [L, S] units of an order of one SKU; below: it or nothing
    pack_units: ArrayLike | None = None  # [S] whole units to a pack; orders are whole packs
    budget_usd: ArrayLike | None = None  # one figure or [B] USD: goods from suppliers, freight and duty
    approval_units: float | None = None  # a lane's order of more units than this is held for a person
    approval_usd: float | None = None  # the same by value of goods, freight and duty
    approval_sales_days: float | None = None  # the same by days of what the lane's destination sold in the last month
    replaces: bool = False  # whether the module's own limits are left out


@dataclass(frozen=True)
class Why:
    """Where one order comes from. What the module can't say is NaN."""

    lane: str
    sku: str
    row: int
    source: Source
    target_days: float  # days of `rate_units_per_day` that the policy orders up to
    rate_units_per_day: float  # demand that passes through the lane's destination, as the policy reckons it
    position_units: float  # there and due there within the lane's window, less what customers wait for
    wish_units: float  # what is short of the target on this lane
    released_share: float  # of the wish, what the origin's stock lets go, and the departure is worth
    asked_units: float  # as policy or fallback answered
    orders_units: int  # free to go out
    held_units: int  # waits for a person
    cut_by: tuple[str, ...]  # limits that changed what was asked, in their order
    reasons: tuple[str, ...]  # of the whole row

    def __str__(self) -> str:
        """A sentence for the planner."""
        parts = [f"{self.lane}, {self.sku}: {self.orders_units:,} units go out"]
        if self.held_units:
            parts.append(f"{self.held_units:,} are held for a person")
        if np.isfinite(self.target_days):
            parts.append(
                f"the {self.source} aims at {self.target_days:.1f} days of {self.rate_units_per_day:.2f} a day "
                f"and counts {self.position_units:,.0f} there or due"
            )
        if np.isfinite(self.wish_units):
            parts.append(f"so that {self.wish_units:,.1f} are wished for")
        if np.isfinite(self.released_share) and self.released_share < WHOLE:
            parts.append(f"of which {self.released_share:.0%} is released today")
        parts.append(f"asked for: {self.asked_units:,.1f}")
        parts.extend(f"cut by {name}" for name in self.cut_by)
        return "; ".join(parts)


WHOLE = 0.995
EXPLANATIONS = ("target_days", "rate", "position", "wish", "released")
"""What says why, each [B, L, S]: see `Why`, whose fields add the units."""


@dataclass(frozen=True)
class Decision:
    """Decisions for B rows, and how they came about: orders, and maintenance where the module decides it."""

    orders: NDArray[np.int64]  # [B, L, S] whole units, free to go out
    held: NDArray[np.int64]  # [B, L, S] whole units that wait for a person
    needs_approval: NDArray[np.bool_]  # [B, L] lanes whose order is above an approval limit
    raw_orders: NDArray[np.float32]  # [B, L, S] units as the source gave them
    source: tuple[Source, ...]  # [B]
    reasons: tuple[tuple[Reason, ...], ...]  # [B] in the order of the ladder
    versions: Versions
    contained: NDArray[np.bool_]  # [B, L, S] of which nothing goes out, as something they depend on can't be used
    cut_by: NDArray[np.uint16]  # [B, L, S] bits of `CUTS`, the limits that changed what was asked
    explanations: Mapping[str, NDArray[np.float32]]  # [B, L, S] each of `EXPLANATIONS`, NaN where it isn't known
    lanes: tuple[str, ...]  # [L] names
    skus: tuple[str, ...]  # [S] names
    maintenance: NDArray[np.bool_] | None = None
    """[B, U] units of equipment to maintain before the day's shift; None of a module that decides no maintenance."""
    raw_maintenance: NDArray[np.float32] | None = (
        None  # [B, U] from 0 to 1 as the source gave it, from 0.5 up: maintain
    )
    units: tuple[str, ...] = ()  # [U] names, empty where they aren't known

    def explain(self) -> str:
        """One line a row: its source and reasons."""
        rows = zip(self.source, self.reasons, strict=True)
        return "\n".join(
            f"row {row}: {source}" + "".join(f"; {reason}" for reason in reasons)
            for row, (source, reasons) in enumerate(rows)
        )

    def maintain(self, row: int = 0) -> tuple[str, ...]:
        """Names of the units to maintain, `unit 3` where they aren't known; none of a module that decides none.

        Raises:
            InputRefused: there is no such row.
        """
        row = _place("row", row, range(len(self.source)))
        if self.maintenance is None:
            return ()
        return tuple(self.units[unit] or f"unit {unit}" for unit in np.flatnonzero(self.maintenance[row]))

    def why(self, lane: str | int, sku: str | int, row: int = 0) -> Why:
        """Where one order comes from.

        Args:
            lane: its name or place.
            sku: the same.
            row: of the batch.

        Raises:
            InputRefused: there is no such lane, SKU or row.
        """
        place = (
            _place("row", row, range(len(self.source))),
            _place("lane", lane, self.lanes),
            _place("sku", sku, self.skus),
        )
        told = {name: float(self.explanations[name][place]) for name in EXPLANATIONS}
        return Why(
            lane=self.lanes[place[1]],
            sku=self.skus[place[2]],
            row=place[0],
            source=self.source[place[0]],
            target_days=told["target_days"],
            rate_units_per_day=told["rate"],
            position_units=told["position"],
            wish_units=told["wish"],
            released_share=told["released"],
            asked_units=float(self.raw_orders[place]),
            orders_units=int(self.orders[place]),
            held_units=int(self.held[place]),
            cut_by=_cuts(int(self.cut_by[place])),
            reasons=self._reasons_in_words[place[0]],
        )

    @cached_property
    def _reasons_in_words(self) -> list[tuple[str, ...]]:
        """By row; the same for all of a row's orders."""
        return [tuple(str(reason) for reason in reasons) for reasons in self.reasons]

    def table(self, row: int = 0) -> list[Why]:
        """Why, of every cell of a row that asks for something, has something held or was cut."""
        row = _place("row", row, range(len(self.source)))
        some = (self.raw_orders[row] > 0) | (self.held[row] > 0) | (self.orders[row] > 0) | self.contained[row]
        return [self.why(int(lane), int(sku), row) for lane, sku in np.argwhere(some)]


@cache
def _cuts(bits: int) -> tuple[str, ...]:
    return tuple(name for bit, name in enumerate(CUTS) if bits >> bit & 1)


CUTS = (
    "lane_open",
    "lane_m3",
    "supplier_units",
    "on_hand",
    "budget_usd",
    "minimum_order_units",
    "approval",
    "contained",
    "guard",
)
"""What may change what was asked, in the order in which it does; the numbers of the bits of `Decision.cut_by`."""


def _place(what: str, asked: Any, names: Sequence[Any]) -> int:
    if isinstance(asked, str):
        if asked in names:
            return list(names).index(asked)
    elif isinstance(asked, int | np.integer) and 0 <= asked < len(names):
        return int(asked)
    allowed = f"0 to {len(names) - 1}" + (
        f", or a name such as {names[0]!r}" if names and isinstance(names[0], str) else ""
    )
    raise InputRefused(f"{what}: {asked!r}; allowed: {allowed}")
