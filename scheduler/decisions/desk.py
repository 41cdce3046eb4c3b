"""The planner's desk: a plan every few minutes, and at each lane's cut-off the one release of its departure."""

from __future__ import annotations

import logging
import threading
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
from entrepot.scheduler.alerts import notices
from entrepot.scheduler.alerts.causes import KINDS, Cause, by_fallback, causes_in, late, silent
from entrepot.scheduler.alerts.channels import Channels
from entrepot.scheduler.clock import Clock
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.departures import Booked, Departure, departures, wait_days
from entrepot.scheduler.decisions.plan import Plan, snapshot_of
from entrepot.scheduler.decisions.policies import Policies
from entrepot.scheduler.decisions.progress import follow
from entrepot.scheduler.decisions.releases import Releases
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.mirror.records import Recorded, recorded
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.writer import Transaction, Writer

log = logging.getLogger(__name__)
REMEMBERED = 100
"""Plans over which the fallback's share is counted."""
PLANNED_FOR = ("stock_out", "demand_spike", "lane_closed", "equipment")
"""Alerts that an order may help, so that a plan is made at once."""
WATCHED = ("stock_out", "below_zero", "late_shipment", "demand_spike", "lane_closed", "equipment")


class Desk:
    """Call `tick` often; it does what is due by the clock, and what it did once it does not do again."""

    def __init__(
        self,
        writer: Writer,
        module: InferenceModule,
        settings: Settings,
        clock: Clock,
        metrics: Metrics,
        channels: Channels | None = None,
    ) -> None:
        """Args: parts of a scheduler."""
        settings.check(writer.places)
        self._writer, self._clock, self._metrics = writer, clock, metrics
        self.policies = Policies(writer, module, settings, clock)
        self._releases = Releases(writer.places, settings, metrics)
        self._channels = channels or Channels()
        self.settings = settings
        self.trouble: str | None = None  # why the last plan couldn't be made
        self.snapshot: Mapping[str, NDArray[Any]] | None = None  # of the latest plan
        self._planned: datetime | None = None
        self._by_fallback: deque[bool] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()
        self._fresh: list[Cause] = []  # alerts for which a plan is still to be made
        self._watched = (-1, 0.0)  # at which position alerts were last looked for, and until when they need not be

    @property
    def places(self) -> Places:
        """Of the network."""
        return self._writer.places

    def tick(self) -> Plan | None:
        """Do what is due; the plan that was made, if one was."""
        with self._lock:
            return self._tick()

    def release_early(self, lane: str, by: str) -> str:
        """Plan now and release a lane's order of today's departure before its cut-off.

        Args:
            lane: its name.
            by: who wants it.

        Returns:
            What became of it, as releases have it.

        Raises:
            UnknownError: the lane doesn't depart any more today, releases are stopped, or no plan can be made.
        """
        with self._lock:
            now = self._clock.now()
            booked, stopped, waits = self._at(now)
            found = [one for one in departures(self.places, self.settings, now, waits) if one.booking not in booked]
            due = [one for one in found if lane in (one.name, one.name.replace("→", "->"))]
            if stopped or not due or now >= due[0].cut_off + self.settings.grace:
                why = "releases are stopped" if stopped else "it takes no order any more today"
                raise kept.UnknownError(f"lane {lane!r}: {why}")
            self._writer.submit(lambda turn: turn.note(by, "early release", due[0].name)).result()
            if self._plan(now, booked, waits, due, []) is None:
                raise kept.UnknownError(f"lane {lane!r}: no plan: {self.trouble}")
            return self._writer.submit(lambda turn: kept.state_of(turn.connection, *due[0].booking)).result()

    def _at(self, now: datetime) -> tuple[Booked, bool, dict[str, int]]:
        """What is booked, whether releases are stopped, and what notices say of departures."""
        since = (now - timedelta(days=2)).date().isoformat()
        return self._writer.submit(
            lambda turn: (
                kept.booked(turn.connection, since),
                kept.is_stopped(turn.connection),
                turn.mirror.conditions.lane_wait_days(_day(turn, now)),
            )
        ).result()

    def _tick(self) -> Plan | None:
        now = self._clock.now()
        booked, stopped, waits = self._at(now)
        due = [one for one in departures(self.places, self.settings, now, waits) if now >= one.cut_off]
        due = [one for one in due if one.booking not in booked]
        late = [one for one in due if now >= one.cut_off + self.settings.grace]
        if late:
            self._writer.submit(lambda turn: self._releases.miss(turn, late)).result()
        due = [] if stopped else [one for one in due if one not in late]
        regular = self._planned is None or not timedelta(0) <= now - self._planned < self.settings.plan_every
        if not due and not regular:
            self._fresh += [one for one in self._watch(now) if one.kind in PLANNED_FOR]
            rests = self._planned is not None and now < self._planned + self.settings.plans_apart
            if not self._fresh or rests or not self.settings.plan_on_alerts:
                return None
        fresh, self._fresh, self._planned = self._fresh, [], now
        plan = None
        try:
            self._writer.submit(self._watch_sources).result()
            plan = self._plan(now, booked, waits, due, fresh)
        finally:
            if plan is None:  # what the alerts asked for is asked for still
                self._fresh = fresh + self._fresh
        return plan

    def _watch(self, now: datetime) -> list[Cause]:
        """Look for alerts between plans, where something was told since; those that are new."""
        position, rests_until = self._watched
        begun = time.monotonic()
        if self._writer.position == position or begun < rests_until:
            return []
        position = self._writer.position
        try:
            found: Recorded = self._writer.submit(lambda turn: recorded(turn.mirror, now)).result()
            told = self._causes(found, snapshot_of(self.policies.current, self.places, found))
        except ConfigurationError:  # the next plan says it
            return []
        finally:
            took = time.monotonic() - begun
            self._watched = position, begun + took / self.settings.watch_share

        def work(turn: Transaction) -> list[Cause]:
            self._follow(turn)
            return self._alert(turn, told, set(WATCHED))

        return self._writer.submit(work).result()

    def _causes(self, found: Recorded, snapshot: Mapping[str, NDArray[Any]]) -> list[Cause]:
        network, shipments = self.places.names.arrays, found.records.shipments
        assert isinstance(shipments, list)
        return causes_in(network, snapshot) + late(shipments, calendar.day_number(found.date), network)

    def _plan(
        self, now: datetime, booked: Booked, waits: dict[str, int], due: list[Departure], fresh: list[Cause]
    ) -> Plan | None:
        begun = time.monotonic()
        try:
            found: Recorded = self._writer.submit(lambda turn: recorded(turn.mirror, now)).result()
            left = wait_days(self.places, self.settings, now, waits, booked)
            plan = self.policies.plan(found, left, now)
        except (ConfigurationError, InputRefused) as error:
            if self.trouble != str(error):
                log.warning("no plan: %s", error)
            self.trouble = str(error)
            return None
        self.snapshot = plan.snapshot
        self._by_fallback.append(plan.summary.source == "fallback")
        share = sum(self._by_fallback) / len(self._by_fallback)
        told = self._causes(found, plan.snapshot) + by_fallback(share, len(self._by_fallback))
        # What may be released before its cut-off, if a new alert asks for it.
        may = [
            one
            for one in departures(self.places, self.settings, now, waits)
            if self.settings.release_on_alerts and one.booking not in booked and now < one.cut_off
        ]
        self._writer.submit(lambda turn: self._keep(turn, plan, due, told, fresh, may)).result()
        self.trouble = None
        self._metrics.plan_seconds.observe(time.monotonic() - begun)
        self._metrics.plans.labels(plan.summary.source).inc()
        self._metrics.fallback_share.set(share)
        return plan

    def _keep(
        self,
        turn: Transaction,
        plan: Plan,
        due: list[Departure],
        told: list[Cause],
        fresh: list[Cause],
        may: list[Departure],
    ) -> None:
        kept.keep_plan(turn, plan)
        self._follow(turn)
        fresh = fresh + self._alert(turn, told, set(KINDS) - {"silent_source"})
        if kept.is_stopped(turn.connection):  # asked here and not before: the plan may have taken long
            return
        for one in due:
            self._releases.release(turn, plan, one)
        arrays = self.places.names.arrays
        short = {one.node: one for one in fresh if one.kind == "stock_out"}
        for one in may:
            cause = short.get(arrays.nodes[int(arrays.lane.destination[one.lane])])
            # An empty order would take the departure from what is still to come before its cut-off.
            if cause is not None and one not in due and (plan.orders[one.lane] + plan.held[one.lane]).any():
                turn.note("alert", "early release", f"{one.name}: {cause.key}")
                self._releases.release(turn, plan, one)

    def _follow(self, turn: Transaction) -> None:
        """What became of orders that are out."""
        for key, state in follow(turn):
            log.info("order", extra={"fields": {"key": key, "state": state}})

    def _watch_sources(self, turn: Transaction) -> None:
        self._alert(turn, silent(turn.mirror.sources.freshness(), turn.now), {"silent_source"})

    def _alert(self, turn: Transaction, causes: list[Cause], kinds: set[str]) -> list[Cause]:
        """Bring alerts up to date, and draft what is to be told of new ones; these."""
        new = alerts.update(turn, causes, kinds)
        notices.draft(turn, self._channels, [number for number, _ in new])
        for number, cause in new:
            self._metrics.alerts.labels(cause.kind).inc()
            fields = {
                "alert": number,
                "kind": cause.kind,
                "place": cause.place,
                "usd": cause.usd,
                "action": cause.action,
            }
            log.warning("alert: %s", cause.message, extra={"fields": fields})
        return [cause for _, cause in new]


def _day(turn: Transaction, now: datetime) -> int:
    return calendar.day_number(now.astimezone(calendar.zone_named(turn.mirror.places.zone)).date())
