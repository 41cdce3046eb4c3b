"""Rules that an event must keep before it is taken; one that breaks a rule is kept in quarantine with its name."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from entrepot.scheduler.clock import microseconds, moment_of
from entrepot.scheduler.events.data import (
    SIGNED,
    Allocation,
    Condition,
    Correction,
    Count,
    Data,
    Demand,
    Dispatch,
    Heartbeat,
    Master,
    Movement,
    Order,
    Return,
    Sale,
    Shipment,
    SoldOut,
    Telemetry,
)
from entrepot.scheduler.events.envelope import Event
from entrepot.scheduler.events.quantities import NotUnitsError, Units, millionths
from entrepot.scheduler.places import Places

MOST_AHEAD = 5 * 60 * 1_000_000
"""Microseconds by which a source's clock may be before ours."""
OLDEST_DEMAND_DAYS = 800
"""Demand of earlier days is of no use, and each day costs memory."""
EARLIEST = 946_684_800_000_000
"""2000-01-01 UTC in microseconds since 1970-01-01 UTC."""
YEARS = (2000, 2199)
"""Of any date."""
DOCUMENTS = (Order, Shipment, Sale, Allocation, Demand, SoldOut, Condition, Master)


class RuleBrokenError(Exception):
    """An event can't be taken as it is.

    Attributes:
        rule: its name.
        message: where, what, and what is allowed.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


def check(event: Event, places: Places, now: int) -> None:
    """Check all rules that need nothing but the network and the time.

    Args:
        event: to be taken.
        places: of the network.
        now: microseconds since 1970-01-01 UTC.

    Raises:
        RuleBrokenError: the first rule that it breaks.
    """
    check_time(event.time, now)
    check_data(event.data, places)
    _check_dates(event.data, event.time, now)


def check_time(time: int, now: int) -> None:
    """What is told happened by now, or the sender's clock is wrong.

    Raises:
        RuleBrokenError: it is further ahead than clocks may be.
    """
    if time < EARLIEST:
        raise RuleBrokenError("date", "time: before 2000-01-01; a clock that was never set")
    if time > now + MOST_AHEAD:
        raise RuleBrokenError("ahead_of_clock", f"time: {(time - now) / 60e6:,.1f} minutes ahead of now; allowed: 5")


def check_data(data: Data, places: Places) -> None:
    """The same for what an event says.

    Raises:
        RuleBrokenError: a name isn't in the network, or a figure is none.
    """
    for field, name, known in _names(data, places):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise RuleBrokenError("unknown_name", f"data.{field}: {name!r} is not in the network{hint}")
    for field, units, signed in _units(data):
        try:
            found = millionths(units, divisible=places.divisible)
        except NotUnitsError as error:
            raise RuleBrokenError("units", f"data.{field}: {error}") from None
        if found < 0 and not signed:
            raise RuleBrokenError("units", f"data.{field}: {units}; allowed: 0 or more")
        if found == 0 and isinstance(data, Movement):
            raise RuleBrokenError("units", f"data.{field}: 0; a movement moves something")
    if isinstance(data, Dispatch):
        _check_dispatch(data, places)
    if isinstance(data, Condition) and (data.lane is None) == (data.node is None):
        raise RuleBrokenError("condition", "data: name either a lane or a node")


def _check_dates(data: Data, time: int, now: int) -> None:
    if isinstance(data, Movement):  # most of what comes; it has no dates
        return
    for name in ("ordered", "departed", "eta", "until", "date", "promised"):
        value = getattr(data, name, None)
        if value is not None and not YEARS[0] <= value.year <= YEARS[1]:
            raise RuleBrokenError("date", f"data.{name}: {value.isoformat()}; allowed: {YEARS[0]} to {YEARS[1]}")
    if isinstance(data, Sale):
        check_time(microseconds(data.ordered), now)
    if isinstance(data, Sale | Demand | SoldOut):
        asked = data.ordered.date() if isinstance(data, Sale) else data.date
        days = (moment_of(time).date() - asked).days
        if days > OLDEST_DEMAND_DAYS or days < -2:  # zones are up to 26 hours apart
            raise RuleBrokenError(
                "date", f"data: demand of {asked}; allowed: {OLDEST_DEMAND_DAYS} days up to the event"
            )


def _check_dispatch(data: Dispatch, places: Places) -> None:
    origin = places.origin_of(places.names.lanes[data.lane])
    if data.node != origin:
        raise RuleBrokenError("lane", f"data.node: {data.node!r}; lane {data.lane} starts at {origin!r}")


def _names(data: Data, places: Places) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Where a name stands, the name, and those that are allowed."""
    names = places.names
    if isinstance(data, Dispatch):
        yield "node", data.node, {**names.nodes, **dict.fromkeys(places.network.suppliers, 0)}
        yield "lane", data.lane, names.lanes
        yield "sku", data.sku, names.skus
        return
    if isinstance(data, Movement | Count):
        yield "node", data.node, names.nodes
        yield "sku", data.sku, names.skus
        if isinstance(data, Return) and data.market is not None:
            yield "market", data.market, names.markets
        return
    if isinstance(data, Sale | Demand | SoldOut):
        yield "market", data.market, names.markets
    if isinstance(data, Order | Shipment):
        yield "lane", data.lane, names.lanes
    if isinstance(data, Condition):
        if data.lane is not None:
            yield "lane", data.lane, names.lanes
        if data.node is not None:
            yield "node", data.node, names.nodes
    if isinstance(data, Telemetry):
        yield "node", data.node, names.nodes
    if isinstance(data, Demand):
        yield "sku", data.sku, names.skus
    if isinstance(data, SoldOut):
        for place, sku in enumerate(data.skus):
            yield f"skus[{place}]", sku, names.skus
    if isinstance(data, Order | Shipment | Sale | Allocation):
        for place, line in enumerate(data.lines):
            yield f"lines[{place}].sku", line.sku, names.skus
    if isinstance(data, Sale | Allocation):
        nodes = [line.node for line in data.lines]
        for place, node in enumerate(nodes):
            if node is not None:
                yield f"lines[{place}].node", node, names.nodes


def _units(data: Data) -> Iterator[tuple[str, Units, bool]]:
    """Where units stand, the units, and whether they may be below 0."""
    if isinstance(data, Movement | Demand):
        yield "units", data.units, isinstance(data, SIGNED)
    elif isinstance(data, Order | Shipment | Sale | Allocation):
        for place, line in enumerate(data.lines):
            yield f"lines[{place}].units", line.units, False
    elif isinstance(data, Count):
        for name in ("on_hand", "dock", "inspection", "quarantine"):
            units = getattr(data, name)
            if units is not None:
                yield name, units, name == "on_hand"


def corrects_nothing(target: Data, data: Correction) -> str | None:
    """Why an event can't be undone; None if it can."""
    if isinstance(target, Count):
        return "a count is corrected by another count of the same time with a higher revision"
    if isinstance(target, DOCUMENTS):
        return "a document is corrected by a higher revision"
    if isinstance(target, Correction | Heartbeat | Telemetry):
        return f"{type(target).__name__.casefold()} events can't be undone"
    return None
