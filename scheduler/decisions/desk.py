"""The planner's desk: a plan every few minutes, and at each lane's cut-off the one release of its departure."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from numpy.typing import NDArray

from entrepot.agents.inference import InferenceModule, InputRefused
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar
from entrepot.scheduler.alerts import kept as alerts
from entrepot.scheduler.alerts.causes import KINDS, Cause, causes_in, late, silent
from entrepot.scheduler.clock import Clock, microseconds
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.departures import Booked, Departure, departures, wait_days
from entrepot.scheduler.decisions.plan import Plan, make_plan
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.mirror.records import Recorded, recorded
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.writer import Transaction, Writer

log = logging.getLogger(__name__)
REMEMBERED = 100
"""Plans over which the fallback's share is counted."""


class Desk:
    """Call `tick` often; it does what is due by the clock, and what it did once it does not do again."""

    def __init__(
        self, writer: Writer, module: InferenceModule, settings: Settings, clock: Clock, metrics: Metrics
    ) -> None:
        """Args: parts of a scheduler."""
        settings.check(writer.places)
        self._writer, self._module, self._clock, self._metrics = writer, module, clock, metrics
        self.settings = settings
        self.trouble: str | None = None  # why the last plan couldn't be made
        self.snapshot: Mapping[str, NDArray[Any]] | None = None  # of the latest plan
        self._planned: datetime | None = None
        self._by_fallback: deque[bool] = deque(maxlen=REMEMBERED)

    @property
    def places(self) -> Places:
        """Of the network."""
        return self._writer.places

    def tick(self) -> Plan | None:
        """Do what is due; the plan that was made, if one was."""
        now = self._clock.now()
        since = (now - timedelta(days=2)).date().isoformat()
        booked, stopped, waits = self._writer.submit(
            lambda turn: (
                kept.booked(turn.connection, since),
                kept.is_stopped(turn.connection),
                turn.mirror.conditions.lane_wait_days(_day(turn, now)),
            )
        ).result()
        due = [one for one in departures(self.places, self.settings, now, waits) if now >= one.cut_off]
        due = [one for one in due if one.booking not in booked]
        late = [one for one in due if now >= one.cut_off + self.settings.grace]
        if late:
            self._writer.submit(lambda turn: self._miss(turn, late)).result()
        due = [] if stopped else [one for one in due if one not in late]
        regular = self._planned is None or not timedelta(0) <= now - self._planned < self.settings.plan_every
        if not due and not regular:
            return None
        self._planned = now
        self._writer.submit(self._watch_sources).result()
        return self._plan(now, booked, waits, due)

    def _plan(self, now: datetime, booked: Booked, waits: dict[str, int], due: list[Departure]) -> Plan | None:
        begun = time.monotonic()
        try:
            found: Recorded = self._writer.submit(lambda turn: recorded(turn.mirror, now)).result()
            left = wait_days(self.places, self.settings, now, waits, booked)
            plan = make_plan(self._module, self.places, self.settings, found, left, now)
        except (ConfigurationError, InputRefused) as error:
            if self.trouble != str(error):
                log.warning("no plan: %s", error)
            self.trouble = str(error)
            return None
        self.snapshot = plan.snapshot
        told = causes_in(self.places.names.arrays, plan.snapshot)
        day = calendar.day_number(found.date)
        assert isinstance(found.records.shipments, list)
        told += late(found.records.shipments, day, self.places.names.arrays)
        self._writer.submit(lambda turn: self._keep(turn, plan, due, told)).result()
        self.trouble = None
        self._metrics.plan_seconds.observe(time.monotonic() - begun)
        self._metrics.plans.labels(plan.summary.source).inc()
        self._by_fallback.append(plan.summary.source == "fallback")
        self._metrics.fallback_share.set(sum(self._by_fallback) / len(self._by_fallback))
        return plan

    def _keep(self, turn: Transaction, plan: Plan, due: list[Departure], told: list[Cause]) -> None:
        kept.keep_plan(turn, plan)
        self._alert(turn, told, set(KINDS) - {"silent_source"})
        for one in due:
            self._release(turn, plan, one)

    def _watch_sources(self, turn: Transaction) -> None:
        self._alert(turn, silent(turn.mirror.sources.freshness(), turn.now), {"silent_source"})

    def _alert(self, turn: Transaction, causes: list[Cause], kinds: set[str]) -> None:
        for cause in alerts.update(turn, causes, kinds):
            self._metrics.alerts.labels(cause.kind).inc()
            fields = {"kind": cause.kind, "place": cause.place, "usd": cause.usd, "action": cause.action}
            log.warning("alert: %s", cause.message, extra={"fields": fields})

    def _release(self, turn: Transaction, plan: Plan, one: Departure) -> None:
        skus = self.places.names.arrays.skus
        free, held = plan.orders[one.lane], plan.held[one.lane]
        lines: list[dict[str, Any]] = [
            {"sku": skus[sku], "units": int(free[sku] + held[sku])} for sku in (free + held).nonzero()[0]
        ]
        if not lines:
            state = "nothing"
        elif self.settings.mode == "shadow":
            state = "shadow"
        else:
            state = "held" if held.any() else "released"
        key = f"{self.places.network.name}/{one.name}/{one.day.isoformat()}"
        if not kept.book(turn, *one.booking, key, plan.id, state, lines):
            return
        if state == "released":
            kept.send(turn, *one.booking, key, lines)
        self._told(one, state, len(lines))

    def _miss(self, turn: Transaction, late: list[Departure]) -> None:
        """Departures whose time went by while nothing could be released; said, and not made up for.

        One before the first plan was nobody's to release.
        """
        for one in late:
            key = f"{self.places.network.name}/{one.name}/{one.day.isoformat()}"
            if not kept.planned_before(turn.connection, microseconds(one.cut_off)):
                continue
            if kept.book(turn, *one.booking, key, "", "missed", []):
                self._told(one, "missed", 0)

    def _told(self, one: Departure, state: str, lines: int) -> None:
        self._metrics.releases.labels(state).inc()
        level = logging.WARNING if state == "missed" else logging.INFO
        fields = {"lane": one.name, "day": one.day.isoformat(), "state": state, "lines": lines}
        log.log(level, "release", extra={"fields": fields})


def _day(turn: Transaction, now: datetime) -> int:
    return calendar.day_number(now.astimezone(calendar.zone_named(turn.mirror.places.zone)).date())
