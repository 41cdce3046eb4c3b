"""Whether a snapshot looks like those that the policy was trained on, cell by cell and as a whole.

Quantities are those in which the policy generalises: stock in days of cover and demand as a ratio, so that a network
ten times as large, or a slow SKU, isn't called strange for its units. A faulty feed often shows in no single value, but
in what a row adds up to: filled with 0, or in other units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.checking import Checked
from entrepot.agents.inference.containment import Held, hold_unusable, stand_in_for_demand
from entrepot.agents.inference.decision import Reason, Tolerance
from entrepot.agents.inference.manifest import Envelope, Range
from entrepot.agents.inference.naming import Names, place_named
from entrepot.agents.inference.order_up_to import LEAST_RATE, demand_rate

AS_THEY_ARE = ("season_ahead", "lane_open", "equipment", "storage_price")
BY_DESIGN = ("lane_open", "equipment")
"""Closed lanes and weak equipment are no strange news: the limits deal with them."""
STOCK = {"on_hand_days": "on_hand", "dock_days": "dock", "in_transit_days": "pipeline", "backlog_days": "backlog"}
DEMAND = {
    "demand_fast_ratio": "demand_fast",
    "demand_slow_ratio": "demand_slow",
    "demand_quarter_ratio": "demand_quarter",
    "demand_square_ratio": "demand_square",
}
ROW_FACTOR = 2.0
"""What a row adds up to is widened at both ends by 1 + twice the margin: faults are far larger."""
STEADY = ("total_on_hand_days", "total_position_days")
STEADY_FACTOR = 0.5
"""What a network holds altogether, and what it holds or awaits, moves little, under the policy as under a base stock.
So these are widened by 1 + half the margin: told at a third or at three times they are noticed on most days."""
OTHER_NETWORK_FACTOR = 10.0
"""How much more stock than in training another network may hold altogether, in days, before it is called strange."""
NOT_ALL = float(np.nextafter(1.0, 0.0))
SOME = float(np.nextafter(0.0, 1.0))
DEMAND_FEED_SHARE = 0.5
"""Where more of a statistic of demand than this is strange, the feed is, and no stand-in makes up for it."""
LATE_DAYS = 7.0
"""At the usual tolerance; a day told in hours is 24, and no lane of weekly departures waits for 14."""
DEPARTS_BEFORE_DAYS = 0.5
Network = Mapping[str, NDArray[Any]]


def demand_quantities(network: Network, snapshot: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Demand over its long run, each [B, M, S]; squares over those of a Poisson."""
    mean = np.maximum(network["demand_mean"], np.float32(LEAST_RATE))
    ratios = {name: snapshot[field] / mean for name, field in DEMAND.items() if field != "demand_square"}
    return {**ratios, "demand_square_ratio": snapshot["demand_square"] / (mean * (1 + mean))}


def stock_quantities(
    network: Network, snapshot: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Stock in days of cover, each [B, N, S]; and what rows add up to, each [B] or [B, N]."""
    rate = demand_rate(network, snapshot["demand_slow"]).astype(np.float32)
    stock = {
        "on_hand": snapshot["on_hand"],
        "dock": snapshot["dock"],
        "in_transit": snapshot["pipeline"].sum(axis=-1),
        "backlog": network["direct_share"] @ snapshot["backlog"],
    }
    days = {f"{name}_days": units / rate for name, units in stock.items()}
    by_node = rate.sum(axis=-1)
    total = by_node.sum(axis=-1)
    whole = {name: stock[name].sum(axis=(1, 2)) for name in ("on_hand", "dock", "in_transit")}
    sums = {"total_position_days": (whole["on_hand"] + whole["dock"] + whole["in_transit"]) / total}
    for name in ("on_hand", "in_transit"):  # dock and backlog may well be empty, or many times the usual
        sums[f"total_{name}_days"] = whole[name] / total
        sums[f"{name}_zero_share"] = (stock[name] == 0).mean(axis=(1, 2))
        sums[f"node_{name}_days"] = stock[name].sum(axis=-1) / by_node
    return days, sums


def demand_sums(network: Network, snapshot: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """[B] all demand over all of the long run."""
    mean = max(float(network["demand_mean"].sum()), LEAST_RATE)
    return {
        f"total_{name}": snapshot[field].sum(axis=(1, 2)) / mean
        for name, field in DEMAND.items()
        if field != "demand_square"
    }


def envelope_of(network: Network, snapshots: Iterable[Mapping[str, NDArray[Any]]]) -> Envelope:
    """Ranges of all quantities over snapshots seen in training, which must be at least one."""
    cells: dict[str, list[tuple[float, float, float]]] = {}
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for snapshot in snapshots:
        days, sums = stock_quantities(network, snapshot)
        as_they_are = {name: snapshot[name] for name in AS_THEY_ARE}
        for name, values in {**days, **demand_quantities(network, snapshot), **as_they_are}.items():
            cells.setdefault(name, []).append((float(values.min()), float(values.max()), float(np.median(values))))
        for name, values in {**sums, **demand_sums(network, snapshot)}.items():
            rows.setdefault(name, []).append((float(values.min()), float(values.max()), float(np.median(values))))
    return Envelope(_ranges(cells), _ranges(rows))


def _ranges(seen: Mapping[str, list[tuple[float, float, float]]]) -> dict[str, Range]:
    return {
        name: Range(
            min(low for low, _, _ in three), max(high for _, high, _ in three), float(np.median(three, axis=0)[2])
        )
        for name, three in seen.items()
    }


def widened(envelopes: Sequence[Envelope]) -> Envelope:
    """One that holds what any of them holds, such as those recorded in several networks; the usual is their median.

    Args:
        envelopes: at least one, all of the same quantities.
    """

    def of(ranges: Sequence[Mapping[str, Range]]) -> dict[str, Range]:
        return {
            name: Range(
                min(one[name].low for one in ranges),
                max(one[name].high for one in ranges),
                float(np.median([one[name].usual for one in ranges])),
            )
            for name in ranges[0]
        }

    return Envelope(of([one.values for one in envelopes]), of([one.rows for one in envelopes]))


def check_envelope(
    network: Network, checked: Checked, envelope: Envelope, tolerance: Tolerance, held: Held, *, own: bool
) -> None:
    """Let nobody use what lies too far outside, and hold what it touches.

    Demand outside is its long-run mean from here on; where most of it is outside, the row is held as a whole. A cell
    whose stock is outside is held with its lanes. A row whose sums are outside is held as a whole, and so is one of
    whose cells more than the tolerated share is outside; cells that hardly sell don't count there, since one unit is
    weeks of cover to them. A season outside sends its row to the fallback, which doesn't read it.

    Args:
        network: its attributes.
        checked: the snapshot; changed where a stand-in is called for.
        envelope: of the module.
        tolerance: how far outside is too far.
        held: told of the cells that are to be held.
        own: whether the network is the one that the envelope was recorded in; of another, only what is far too much or
            wholly absent is strange.
    """
    arrays = checked.arrays
    _check_demand(network, checked, envelope, tolerance, own)
    _check_context(checked, envelope, tolerance)
    _check_waits(network, checked, LATE_DAYS * (0.5 + tolerance.margin))
    days, sums = stock_quantities(network, arrays)
    strange = False
    for name, values in days.items():
        good = _inside(values, envelope.values.get(name), tolerance)
        if good is None:
            continue
        share = _share_outside(good, demand_rate(network, arrays["demand_slow"]))
        for row in np.flatnonzero(~good.all(axis=(1, 2))):
            reason = Reason(
                "envelope",
                name,
                _outside(values[row], good[row], *_outside_of(envelope.values[name], tolerance), "NS", checked.names),
            )
            (checked.rows.hold if share[row] > tolerance.share else checked.rows.note)(np.array([row]), reason)
        _reject_stock(network, checked, name, good, envelope.values[name].usual)
        strange = True
    if strange:
        hold_unusable(checked, network, held)
        _, sums = stock_quantities(network, arrays)  # of what is still believed
    for name, values in sums.items():
        _check_sum(name, values, checked, envelope, tolerance, own)


def _check_demand(network: Network, checked: Checked, envelope: Envelope, tolerance: Tolerance, own: bool) -> None:
    for name, values in demand_quantities(network, checked.arrays).items():
        seen = envelope.values.get(name)
        good = _inside(values, seen, tolerance)
        if good is not None and seen is not None:
            _reject_demand(network, checked, name, values, good, _outside_of(seen, tolerance))
    for name, total in demand_sums(network, checked.arrays).items():
        seen = envelope.rows.get(name)
        if seen is None:
            continue
        low, high = _row_bounds(seen, tolerance)
        low = low if own else SOME  # another network may sell little for long, but not nothing at all
        wrong = ~((total >= low) & (total <= high))
        if wrong.any():
            ratio = name.removeprefix("total_")
            whole = np.broadcast_to(~wrong[:, None, None], checked.arrays[DEMAND[ratio]].shape)
            told = np.broadcast_to(total[:, None, None], whole.shape)
            _reject_demand(network, checked, ratio, told, whole, (low, high, seen))


def _reject_demand(
    network: Network,
    checked: Checked,
    name: str,
    values: NDArray[Any],
    good: NDArray[np.bool_],
    allowed: tuple[float, float, Range],
) -> None:
    rejected = 1 - good.mean(axis=(1, 2))
    for row in np.flatnonzero(rejected > 0):
        message = f"{_outside(values[row], good[row], *allowed, 'MS', checked.names)}: the long-run mean stands in"
        if rejected[row] > DEMAND_FEED_SHARE:
            message += ", and nothing goes out without a person"
            checked.rows.hold(np.array([row]), Reason("envelope", name, message))
        else:
            checked.rows.note(np.array([row]), Reason("envelope", name, message))
    checked.reject(DEMAND[name], good, 0)
    stand_in_for_demand(checked, network)


def _check_context(checked: Checked, envelope: Envelope, tolerance: Tolerance) -> None:
    for name in ("season_ahead", "storage_price"):
        values, seen = checked.arrays[name], envelope.values.get(name)
        good = _inside(values, seen, tolerance)
        if good is None or seen is None:
            continue
        for row in np.flatnonzero(~good.all(axis=1) & checked.rows.trusted):
            where = "N" if name == "storage_price" else "W"
            told = _outside(values[row], good[row], *_outside_of(seen, tolerance), where, checked.names)
            reason = Reason("envelope", name, told)
            (checked.rows.fall if name == "season_ahead" else checked.rows.note)(np.array([row]), reason)
        np.copyto(values, np.float32(seen.usual), where=~good)


def _share_outside(good: NDArray[np.bool_], rate: NDArray[Any]) -> NDArray[np.float64]:
    """[B] of the cells that sell more than the least rate that cover is counted in."""
    sells = rate > LEAST_RATE
    count = sells.sum(axis=(1, 2))
    return np.asarray((sells & ~good).sum(axis=(1, 2)) / np.maximum(count, 1))


def _check_waits(network: Network, checked: Checked, late_days: float) -> None:
    """Hold rows most of whose lanes wait so many days longer than departures are apart: these will be hours.

    A holiday keeps some lanes so long and not most; one that keeps most can be told by closing them.
    """
    wait = checked.arrays["lane_wait_days"]
    longest = network["lane_interval_days"] + late_days
    if not (wait > longest).any():
        return
    waits = (wait >= DEPARTS_BEFORE_DAYS) & (checked.arrays["lane_open"] > 0) & checked.usable_or_all("lane_wait_days")
    late = waits & (wait > longest)
    for row in np.flatnonzero(late.sum(axis=1) * 2 > waits.sum(axis=1)):
        lane = int(np.argmax(late[row]))
        where = place_named([lane], "L", checked.names)
        message = (
            f"{late[row].sum()} of {waits[row].sum()} lanes that wait do so {late_days:g} days longer than departures "
            f"are apart, such as {wait[row, lane]:g} at {where}; are these hours? Days are required, and a "
            "lane that is shut for long has lane_open 0: nothing goes out without a person"
        )
        checked.rows.hold(np.array([row]), Reason("envelope", "lane_wait_days", message))


def _check_sum(
    name: str, values: NDArray[Any], checked: Checked, envelope: Envelope, tolerance: Tolerance, own: bool
) -> None:
    seen = envelope.rows.get(name)
    if seen is None:
        return
    low, high = _row_bounds(seen, tolerance, STEADY_FACTOR if name in STEADY else ROW_FACTOR)
    if name.endswith("_zero_share"):
        low, high = 0.0, max(seen.high, 1 - (1 - seen.high) / (1 + ROW_FACTOR * tolerance.margin))
        if not own:
            high = NOT_ALL if name == "on_hand_zero_share" else 1.0
    elif not own:
        low, high = 0.0, high * OTHER_NETWORK_FACTOR
        if name.startswith("node_"):
            return
    if bool(values.min() >= low and values.max() <= high):
        return
    wrong = ~((values >= low) & (values <= high)).reshape(len(values), -1).all(axis=1)
    for row in np.flatnonzero(wrong):
        by_place = np.ravel(values[row])
        worst = int(np.argmax(np.maximum(low - by_place, by_place - high)))
        where = f" at {place_named([worst], 'N', checked.names)}" if values.ndim == 2 else ""
        allowed = f"{low:.4g} to {high:.4g}" if high != NOT_ALL else "less than 1"
        message = f"{by_place[worst]:.4g}{where}; {allowed} is allowed: nothing goes out without a person"
        checked.rows.hold(np.array([row]), Reason("envelope", name, message))


def _row_bounds(seen: Range, tolerance: Tolerance, by: float = ROW_FACTOR) -> tuple[float, float]:
    factor = 1 + by * tolerance.margin
    return seen.low / factor, seen.high * factor


def _bounds(seen: Range, tolerance: Tolerance) -> tuple[float, float]:
    slack = tolerance.margin * max(seen.high - seen.low, abs(seen.high))
    return seen.low - slack, seen.high + slack


def _inside(values: NDArray[Any], seen: Range | None, tolerance: Tolerance) -> NDArray[np.bool_] | None:
    """Which values lie within the range and its slack; None if all do."""
    if seen is None or not values.size:
        return None
    low, high = _bounds(seen, tolerance)
    if values.min() >= low and values.max() <= high:
        return None
    return np.asarray((values >= low) & (values <= high))


def _outside_of(seen: Range, tolerance: Tolerance) -> tuple[float, float, Range]:
    return *_bounds(seen, tolerance), seen


def _outside(
    values: NDArray[Any], good: NDArray[np.bool_], low: float, high: float, seen: Range, axes: str, names: Names
) -> str:
    far = np.where(good, -np.inf, np.maximum(low - values, values - high))
    worst = np.unravel_index(int(np.argmax(far)), values.shape)
    where = f" at {place_named([int(index) for index in worst], axes, names)}" if good.any() else ""
    return (
        f"{1 - good.mean():.0%} of values lie outside {low:.4g} to {high:.4g} "
        f"(trained on {seen.low:.4g} to {seen.high:.4g}), such as {values[worst]:.4g}{where}"
    )


def _reject_stock(network: Network, checked: Checked, name: str, good: NDArray[np.bool_], usual: float) -> None:
    """No transfer is made of a stock that isn't believed, and nobody reads it."""
    field = STOCK[name]
    if field == "pipeline":
        by_day = np.repeat(good[..., None], checked.arrays[field].shape[-1], axis=-1)
        checked.reject(field, by_day, 0)
    elif field == "backlog":
        concerned = ((network["direct_share"].T > 0).astype(np.float32) @ ~good) > 0
        checked.reject(field, ~concerned, 0)
    elif field == "on_hand":
        rate = demand_rate(network, checked.arrays["demand_slow"])
        checked.reject(field, good, np.asarray(usual * rate))
        np.copyto(checked.stock, 0.0, where=~good)
    else:
        checked.reject(field, good, 0)
