"""What a decision is asked with and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rung = Literal["schema", "values", "freshness", "envelope", "policy", "feasibility", "approval"]
Source = Literal["policy", "fallback"]


@dataclass(frozen=True)
class Reason:
    """Why a row went to the fallback, or was changed after the policy spoke."""

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
        share: a row falls back when more than this share of one quantity's values lies outside.
    """

    margin: float = 0.5
    share: float = 0.05


@dataclass(frozen=True)
class Limits:
    """What orders may not exceed; None is no limit. K suppliers stand after the N nodes among lanes' origins.

    Stock at the origin always binds. Capacities are per day.
    """

    lane_m3: ArrayLike | None = None  # [L] m³; times the lane's open share
    supplier_units: ArrayLike | None = None  # [K] units over all lanes and SKUs
    minimum_order_units: ArrayLike | None = None  # [L] or [L, S] units of an order of one SKU; below: it or nothing
    pack_units: ArrayLike | None = None  # [S] whole units to a pack; orders are whole packs
    budget_usd: ArrayLike | None = None  # one figure or [B] USD: goods from suppliers, freight and duty
    approval_units: float | None = None  # a lane's order of more units than this is held for a person
    approval_usd: float | None = None  # the same by value of goods, freight and duty


@dataclass(frozen=True)
class Decision:
    """Orders for B rows, and how they came about."""

    orders: NDArray[np.int64]  # [B, L, S] whole units, free to go out
    held: NDArray[np.int64]  # [B, L, S] whole units that wait for a person
    needs_approval: NDArray[np.bool_]  # [B, L] lanes whose order is held
    raw_orders: NDArray[np.float32]  # [B, L, S] units as the source gave them
    source: tuple[Source, ...]  # [B]
    reasons: tuple[tuple[Reason, ...], ...]  # [B] in the order of the ladder
    versions: Versions

    def explain(self) -> str:
        """One line a row: its source and reasons."""
        rows = zip(self.source, self.reasons, strict=True)
        return "\n".join(
            f"row {row}: {source}" + "".join(f"; {reason}" for reason in reasons)
            for row, (source, reasons) in enumerate(rows)
        )


@dataclass
class Rows:
    """Reasons gathered while B rows climb the ladder; a row with a fallback reason never reaches the policy."""

    count: int
    reasons: list[list[Reason]] = field(init=False)
    trusted: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.reasons = [[] for _ in range(self.count)]
        self.trusted = np.ones(self.count, np.bool_)

    def fall(self, rows: NDArray[Any] | slice, reason: Reason) -> None:
        """Send rows to the fallback."""
        self.trusted[rows] = False
        self.note(rows, reason)

    def note(self, rows: NDArray[Any] | slice, reason: Reason) -> None:
        """Say something of rows without sending them to the fallback."""
        for row in np.arange(self.count)[rows]:
            self.reasons[row].append(reason)
