"""A plan: what the policy would have go out, from what the mirror knows at a moment."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference import InferenceModule
from entrepot.agents.recorded import RecordedDecision, decide_from_records, snapshot_for
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.mirror.records import Recorded
from entrepot.scheduler.places import Places


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan was made from, beside the events up to its position; enough to make it again."""

    now: datetime
    places: str  # digest of the network's names and zones
    zone: str
    zones: dict[str, str]
    lane_wait_days: dict[str, int]
    budget_usd: float | None
    approval_units: float | None
    approval_usd: float | None
    module: str
    manifest_digest: str
    code: str  # version of the code that decided


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An order of one SKU on one lane, for people."""

    lane: str
    sku: str
    units: int
    held: int
    why: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in words."""

    source: str  # policy or fallback
    lines: list[Line]
    reasons: list[str]
    remarks: list[str]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that is kept."""

    id: str
    position: int
    context: Context
    inputs: str
    orders: NDArray[np.int64]  # [L, S] units
    held: NDArray[np.int64]  # [L, S] units that wait for a person
    summary: Summary
    snapshot: dict[str, NDArray[Any]]  # what the policy was told; not kept, as the log tells it

    def packed(self) -> bytes:
        """Orders and held as .npz."""
        out = io.BytesIO()
        np.savez_compressed(out, orders=self.orders, held=self.held)
        return out.getvalue()


def unpacked(data: bytes) -> dict[str, NDArray[np.int64]]:
    """What `packed` gave."""
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return {name: found[name] for name in ("orders", "held")}


def make_plan(
    module: InferenceModule,
    places: Places,
    settings: Settings,
    found: Recorded,
    waits: Mapping[str, int],
    now: datetime,
) -> Plan:
    """Decide for a moment.

    Args:
        module: the policy.
        places: of the network.
        settings: with limits.
        found: what the mirror knows.
        waits: days to each lane's next departure that still takes orders.
        now: the moment.

    Raises:
        ConfigurationError: what is known can't be used.
        InputRefused: a limit can't be used.
    """
    context = Context(
        now=now,
        places=places.digest,
        zone=places.zone,
        zones=dict(places.zones),
        lane_wait_days=dict(waits),
        budget_usd=settings.budget_usd,
        approval_units=settings.approval_units,
        approval_usd=settings.approval_usd,
        module=module.versions.module,
        manifest_digest=module.versions.manifest_digest,
        code=module.versions.code,
    )
    return decided(module, places, context, found)


def decided(module: InferenceModule, places: Places, context: Context, found: Recorded) -> Plan:
    """The plan of a context; the same bits each time on one machine and runtime.

    Raises:
        ConfigurationError, InputRefused: as `make_plan`.
    """
    made = decide_from_records(
        module,
        places.network,
        found.records,
        found.date,
        decided_at=context.now,
        zone=context.zone,
        zones=context.zones,
        lane_open=found.lane_open,
        lane_wait_days={name: float(days) for name, days in context.lane_wait_days.items()},
        equipment=found.equipment,
        budget_usd=context.budget_usd,
        approval_units=context.approval_units,
        approval_usd=context.approval_usd,
        names=places.names,
    )
    inputs = _digest(made)
    told = hashlib.sha256(f"{inputs} {found.position} {context.now.isoformat()}".encode()).hexdigest()
    return Plan(
        id=told[:16],
        position=found.position,
        context=context,
        inputs=inputs,
        orders=made.decision.orders[0],
        held=made.decision.held[0],
        summary=Summary(
            source=made.decision.source[0],
            lines=[
                Line(lane=one.lane, sku=one.sku, units=one.units, held=one.held, why=one.why) for one in made.orders()
            ],
            reasons=[str(reason) for reason in made.decision.reasons[0]],
            remarks=[str(remark) for remark in made.remarks],
        ),
        snapshot=made.snapshot.arrays,
    )


def snapshot_of(module: InferenceModule, places: Places, found: Recorded) -> dict[str, NDArray[Any]]:
    """What the module would be told, without deciding; departures are as scheduled, whatever was released.

    Raises:
        ConfigurationError: what is known can't be used.
    """
    known = snapshot_for(
        module,
        places.network,
        found.records,
        found.date,
        zone=places.zone,
        zones=dict(places.zones),
        lane_open=found.lane_open,
        equipment=found.equipment,
        names=places.names,
    )
    return known.snapshot.arrays


def _digest(made: RecordedDecision) -> str:
    """SHA-256 of every array that the policy was given."""
    total = hashlib.sha256()
    given: dict[str, Any] = {**made.snapshot.arrays, **made.attributes, "age_seconds": made.age_seconds}
    for name in sorted(given):
        values = np.ascontiguousarray(given[name])
        total.update(f"{name} {values.dtype.str} {values.shape}".encode())
        total.update(values.tobytes())
    return total.hexdigest()
