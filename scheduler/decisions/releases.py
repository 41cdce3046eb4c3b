"""What becomes of a plan's orders at a departure: released, held, only shown, or missed; each departure once."""

from __future__ import annotations

import logging
from typing import Any

from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.departures import Departure
from entrepot.scheduler.decisions.plan import Plan
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.writer import Transaction

log = logging.getLogger(__name__)


class Releases:
    """Of one desk."""

    def __init__(self, places: Places, settings: Settings, metrics: Metrics) -> None:
        """Args: parts of a scheduler."""
        self._places, self._settings, self._metrics = places, settings, metrics

    def release(self, turn: Transaction, plan: Plan, one: Departure) -> None:
        """Make the one release of a departure from a plan, unless it was made."""
        skus, goes_out = self._places.names.arrays.skus, self._settings.goes_out
        free, held = plan.orders[one.lane], plan.held[one.lane]
        lines: list[dict[str, Any]] = [
            {"sku": skus[sku], "units": int(free[sku] + held[sku])} for sku in (free + held).nonzero()[0]
        ]
        out = [line for line in lines if goes_out(line["sku"])]
        if not lines:
            state = "nothing"
        elif not out:
            state = "shadow"
        else:
            lines = out  # in mode canary the plan tells of the others
            state = "held" if any(goes_out(skus[sku]) for sku in held.nonzero()[0]) else "released"
        key = self._key(one)
        if not kept.book(turn, *one.booking, key, plan.id, state, lines):
            return
        if state == "released":
            kept.send(turn, *one.booking, key, lines)
        self._told(one, state, len(lines))

    def miss(self, turn: Transaction, late: list[Departure]) -> None:
        """Departures whose time went by while nothing could be released; said, and not made up for.

        One before the first plan was nobody's to release.
        """
        for one in late:
            if not kept.planned_before(turn.connection, microseconds(one.cut_off)):
                continue
            if kept.book(turn, *one.booking, self._key(one), "", "missed", []):
                self._told(one, "missed", 0)

    def _key(self, one: Departure) -> str:
        return f"{self._places.network.name}/{one.name}/{one.day.isoformat()}"

    def _told(self, one: Departure, state: str, lines: int) -> None:
        self._metrics.releases.labels(state).inc()
        level = logging.WARNING if state == "missed" else logging.INFO
        fields = {"lane": one.name, "day": one.day.isoformat(), "state": state, "lines": lines}
        log.log(level, "release", extra={"fields": fields})
