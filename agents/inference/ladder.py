"""The ladder that every row climbs, rung by rung; see `InferenceModule.decide`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.approval import lanes_to_hold
from entrepot.agents.inference.checking import Arrays, Checked, Given, check_snapshot
from entrepot.agents.inference.containment import Held, close_lanes, contain, note_stale_nodes
from entrepot.agents.inference.deadline import TooLateError
from entrepot.agents.inference.decision import CUTS, EXPLANATIONS, Decision, Reason, Tolerance, Versions
from entrepot.agents.inference.envelope import check_envelope
from entrepot.agents.inference.fallback import BaseStock, fallback_orders
from entrepot.agents.inference.feasibility import Bounds, project
from entrepot.agents.inference.guard import sound
from entrepot.agents.inference.live import Live
from entrepot.agents.inference.maintenance import OUTPUT, fallback_maintenance, maintained
from entrepot.agents.inference.manifest import Manifest
from entrepot.agents.inference.order_up_to import demand_rate, stock_position
from entrepot.agents.inference.rows import Rows

Outputs = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Asked:
    """What is the same for all rows of a decision."""

    manifest: Manifest
    live: Live
    sizes: Mapping[str, int]
    tolerance: Tolerance
    fallback: BaseStock
    answer: Callable[[Arrays, Mapping[str, NDArray[Any]], float | None], Outputs]
    until: float | None  # on the monotonic clock


def climb(
    asked: Asked, given: Given, age: NDArray[np.float64], bounds: Bounds, piece: slice, versions: Versions
) -> Decision:
    """Decide for some rows of a batch."""
    network = asked.live.arrays
    live = asked.live
    checked = check_snapshot(given, asked.manifest.snapshot, asked.sizes, piece, live.names, live.least_days)
    rows, held = checked.rows, Held(network, checked.rows.count)
    if rows.count:
        contain(checked, network, asked.manifest.envelope.values, held)
        _check_age(asked, age, checked, held)
        check_envelope(network, checked, asked.manifest.envelope, asked.tolerance, held, own=asked.live.own)
    if rows.held.any():
        held.hold_rows(rows.held)
    told = close_lanes(checked, asked.manifest.envelope.values)
    raw, explanations, due = _ask(asked, told, checked)
    cut_by = np.zeros(raw.shape, np.uint16)
    # Where it isn't known whether a lane is open it is held anyway; stock that isn't known counts as none.
    lane_open = checked.arrays["lane_open"]
    free = raw if held.cells is None else np.where(held.cells, np.float32(0), raw)
    scarce = explanations["released"] < 1.0  # not where it isn't known
    asked_for = project(free, bounds, network, checked.stock, lane_open, rows, cut_by, scarce)
    good = sound(asked_for, raw, network, checked.stock, lane_open, rows)
    over = lanes_to_hold(asked_for, bounds, network, checked.arrays["demand_slow"], rows, live.lanes)
    orders, waits = asked_for, np.zeros_like(asked_for)
    if over.any():
        waits = np.where(over[:, :, None], asked_for, 0)
        orders = asked_for - waits
        _mark(cut_by, "approval", waits > 0)
    if held.cells is not None:
        # What would be asked is shown to the person who decides, and takes nothing from what goes out.
        kept = np.where(held.cells, raw, np.float32(0))
        waits += project(kept, bounds, network, checked.stock, lane_open, Rows(rows.count), scarce=scarce)
        _mark(cut_by, "contained", held.cells & (raw > 0))
    if not good.all():
        orders[~good], waits[~good] = 0, 0
        _mark(cut_by, "guard", ~good[:, None, None] & (raw > 0))
    return Decision(
        orders=orders,
        held=waits,
        needs_approval=over,
        raw_orders=raw,
        source=tuple("policy" if trusted else "fallback" for trusted in rows.trusted),
        reasons=tuple(tuple(reasons) for reasons in rows.reasons),
        versions=versions,
        contained=np.zeros(raw.shape, np.bool_) if held.cells is None else held.cells,
        cut_by=cut_by,
        explanations=explanations,
        lanes=asked.live.lanes,
        skus=asked.live.skus,
        maintenance=None if due is None else maintained(due, network, checked, _stale(asked, age)),
        raw_maintenance=due,
        units=asked.live.units or (),
    )


def _stale(asked: Asked, age: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """[B, N] nodes whose figures are too old, where the age is told by node."""
    return ~((age >= 0) & (age <= asked.manifest.maximum_age_seconds)) if age.ndim == 2 else None


def _check_age(asked: Asked, age: NDArray[np.float64], checked: Checked, held: Held) -> None:
    """Old rows fall, those beyond a second age are held; of old nodes the lanes are held."""
    most, longest = asked.manifest.maximum_age_seconds, asked.manifest.hold_age_seconds
    rows = checked.rows
    if age.ndim == 2:
        if not ((age >= 0) & (age <= most)).any(axis=1).all():
            old = ~((age >= 0) & (age <= most)).any(axis=1)
            by_row = np.where(old, np.where(age >= 0, age, np.inf).min(axis=1), 0.0)
            _age_rows(by_row, most, longest, rows)
        note_stale_nodes(age, most, checked, held)
        return
    _age_rows(age, most, longest, rows)


def _age_rows(age: NDArray[np.float64], most: float, longest: float, rows: Rows) -> None:
    for row in np.flatnonzero(~((age >= 0) & (age <= most))):  # of an age that is NaN, neither holds
        known = 0 <= age[row] <= longest
        allowed = f"{age[row]:g} s; 0 to {most:g} s is allowed"
        rows.fall(np.array([row]), Reason("freshness", "age_seconds", allowed))
        if not known:
            beyond = f"{age[row]:g} s; beyond {longest:g} s, or where it isn't known, nothing goes out"
            rows.hold(np.array([row]), Reason("freshness", "age_seconds", beyond))


def _ask(
    asked: Asked, told: Mapping[str, NDArray[Any]], checked: Checked
) -> tuple[NDArray[np.float32], Outputs, NDArray[np.float32] | None]:
    """[B, L, S] units, each row from its source, and why; [B, U] maintenance from 0 to 1, None where none is decided.

    Rows whose policy fails are sent to the fallback here.
    """
    rows, network = checked.rows, asked.live.arrays
    shape = (rows.count, asked.sizes["L"], asked.sizes["S"])
    raw: NDArray[np.float32] | None = None
    explanations: Outputs = {}
    trusted = np.flatnonzero(rows.trusted)
    if len(trusted):
        raw, explanations = _ask_policy(asked, told, rows, trusted)
    if raw is None:
        raw = np.zeros(shape, np.float32)
    for name in EXPLANATIONS:
        if name not in explanations:
            explanations[name] = np.full(shape, np.nan, np.float32)
    fallen = np.flatnonzero(~rows.trusted)
    due = _due(asked, told, explanations, fallen)
    if len(fallen):
        cover = asked.fallback.cover_for(asked.live.lanes, asked.live.skus, network["lane_lead_days"])
        with np.errstate(over="ignore"):
            raw[fallen], parts = fallback_orders(network, cover, told, checked, fallen)
        for name, values in parts.items():
            explanations[name][fallen] = values
    return raw, explanations, due


def _due(
    asked: Asked, told: Mapping[str, NDArray[Any]], answers: Outputs, fallen: NDArray[Any]
) -> NDArray[np.float32] | None:
    """[B, U] of maintenance, which is taken out of the answers; the fallback's in rows that have fallen."""
    if asked.live.units is None:
        return None
    by_age = fallback_maintenance(asked.live.arrays, told)
    due = answers.pop(OUTPUT, by_age)
    due[fallen] = by_age[fallen]
    return due


def _ask_policy(
    asked: Asked, told: Mapping[str, NDArray[Any]], rows: Rows, trusted: NDArray[Any]
) -> tuple[NDArray[np.float32] | None, Outputs]:
    """The graph's orders and explanations, of all rows, for those that are trusted; None where it answers nothing."""
    every = len(trusted) == rows.count
    snapshot = told if every else {name: values[trusted] for name, values in told.items()}
    network = asked.live.arrays
    try:
        answers = asked.answer(network, snapshot, asked.until)
    except TooLateError as error:
        rows.fall(trusted, Reason("policy", "deadline_seconds", f"{error}: the fallback answers"))
        return None, {}
    except Exception as error:  # ONNX Runtime's errors have no common base; any of them must end in the fallback
        rows.fall(trusted, Reason("policy", "", f"the graph failed: {error}"))
        return None, {}
    answer = answers.get("orders")
    due = (len(trusted), asked.sizes["L"], asked.sizes["S"])
    if answer is None or answer.shape != due:
        found = "no orders" if answer is None else f"shape {list(answer.shape)}"
        rows.fall(trusted, Reason("policy", "orders", f"{found}; {list(due)} was due"))
        return None, {}
    # One pass that NaN fails, too, in the ordinary case.
    if answer.min() >= 0 and answer.max() < np.inf:
        sound_rows: NDArray[np.bool_] = np.ones(len(trusted), np.bool_)
    else:
        sound_rows = np.asarray((np.isfinite(answer) & (answer >= 0)).all(axis=(1, 2)))
    why = {name: answers[name] for name in EXPLANATIONS if name in answers and answers[name].shape == due}
    if OUTPUT in asked.manifest.outputs:
        score, units = answers.get(OUTPUT), (len(trusted), asked.sizes["U"])
        if score is None or score.shape != units:
            found = "none" if score is None else f"shape {list(score.shape)}"
            rows.note(trusted, Reason("policy", OUTPUT, f"{found}; {list(units)} was due: nothing is maintained"))
            score = np.zeros(units, np.float32)
        why[OUTPUT] = score
    if "position" not in answers:  # a policy that can't tell; what there is can be told all the same
        destination = network["lane_destination"]
        why["rate"] = demand_rate(network, snapshot["demand_slow"])[:, destination].astype(np.float32)
        why["position"] = stock_position(network, snapshot).astype(np.float32)
    if every and sound_rows.all():
        return answer, why
    if not sound_rows.all():
        rows.fall(
            trusted[~sound_rows], Reason("policy", "orders", "the policy answered NaN, infinite or negative units")
        )
    return _spread(answer, trusted, sound_rows, rows.count, 0.0), {
        name: _spread(values, trusted, sound_rows, rows.count, np.nan) for name, values in why.items()
    }


def _spread(
    values: NDArray[np.float32], rows: NDArray[Any], chosen: NDArray[np.bool_], count: int, otherwise: float
) -> NDArray[np.float32]:
    """Those of some rows that were chosen, at their places among all."""
    result = np.full((count, *values.shape[1:]), otherwise, np.float32)
    result[rows[chosen]] = values[chosen]
    return result


def _mark(cut_by: NDArray[np.uint16], name: str, cells: NDArray[np.bool_]) -> None:
    cut_by |= cells.astype(np.uint16) << np.uint16(CUTS.index(name))
