"""Until when a mirror knows sums only: what is told of earlier times can't be taken any more."""

from __future__ import annotations

from entrepot.envs.snapshot import calendar
from entrepot.scheduler.clock import microseconds, moment_of
from entrepot.scheduler.events.data import (
    Condition,
    Correction,
    Data,
    Demand,
    Heartbeat,
    Master,
    Sale,
    SoldOut,
    Telemetry,
)
from entrepot.scheduler.events.envelope import Event
from entrepot.scheduler.events.rules import RuleBrokenError
from entrepot.scheduler.mirror.stock import NEVER

RULE = "forgotten"


def last_day_of(horizon: int) -> int:
    """The last civil date, in days since 1970-01-01, that is over everywhere by a time."""
    return calendar.day_number(moment_of(horizon).date()) - 2


def check_horizon(event: Event, horizon: int, is_known: bool, target: Event | None) -> None:
    """An event must be of a time of which more than sums is known.

    Args:
        event: to be taken.
        horizon: of the mirror, in microseconds since 1970-01-01 UTC.
        is_known: whether the sale that it is about is still known.
        target: what it corrects.

    Raises:
        RuleBrokenError: it is of an earlier time.
    """
    if horizon == NEVER or isinstance(event.data, Heartbeat | Condition | Master | Telemetry):
        return
    data: Data = event.data
    if min(event.time, event.time if target is None else target.time) <= horizon:
        raise _forgotten("time", horizon)
    if isinstance(data, Correction) and data.instead is not None and microseconds(data.instead.time) <= horizon:
        raise _forgotten("data.instead.time", horizon)
    if isinstance(data, Demand | SoldOut) and calendar.day_number(data.date) <= last_day_of(horizon):
        raise _forgotten("data.date", horizon)
    if isinstance(data, Sale) and microseconds(data.ordered) <= horizon and not is_known:
        raise _forgotten("data.ordered", horizon)


def _forgotten(field: str, horizon: int) -> RuleBrokenError:
    since = moment_of(horizon).isoformat(timespec="minutes")
    return RuleBrokenError(RULE, f"{field}: up to {since} only sums are known; count stock anew, or leave it")
