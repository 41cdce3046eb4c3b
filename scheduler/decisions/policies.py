"""The module that decides, the one before it, and one that is only watched."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import get_args

from entrepot.agents.inference import InferenceError, InferenceModule, InputRefused, load
from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import Clock
from entrepot.scheduler.decisions.chosen import Chosen, Part, choose, chosen
from entrepot.scheduler.decisions.comparisons import Comparison, compared, keep
from entrepot.scheduler.decisions.plan import Plan, make_plan
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.mirror.records import Recorded, recorded
from entrepot.scheduler.store.writer import Transaction, Writer

log = logging.getLogger(__name__)
TRIAL_PLANS = 12
"""So many plans after a swap the module before is asked, too, where the new one is answered for by the fallback."""


class Policies:
    """Of one desk. A restart with the same module begins with what was chosen in its place, on trial anew."""

    def __init__(self, writer: Writer, module: InferenceModule, settings: Settings, clock: Clock) -> None:
        """Args: parts of a scheduler."""
        self._writer, self._settings, self._clock = writer, settings, clock
        self._given = self.current = module
        self.before: InferenceModule | None = None
        self.watched: InferenceModule | None = None
        self.trial_left = 0  # plans for which a swap is on trial
        self._lock = threading.Lock()
        self._latest: tuple[Recorded, Plan] | None = None  # not yet beside that of the watched module
        self._resume()

    def plan(self, found: Recorded, waits: Mapping[str, int], now: datetime) -> Plan:
        """The module's plan; where one on trial is answered for by the fallback and the one before isn't, that one's.

        Bad data stop both, and are no reason to go back.

        Args:
            found: what the mirror knows.
            waits: days to each lane's next departure that still takes orders.
            now: the moment.

        Raises:
            ConfigurationError, InputRefused: as `make_plan`.
        """
        with self._lock:
            plan = self._plan_of(self.current, found, waits, now)
            if self.before is not None and self.trial_left > 0:
                self.trial_left -= 1
                if plan.summary.source == "fallback":
                    other = self._plan_of(self.before, found, waits, now)
                    if other.summary.source != "fallback":
                        self._go_back("desk", "; ".join(plan.summary.reasons)[:500])
                        plan = other
            self._latest = found, plan
            return plan

    def swap(self, module: InferenceModule, by: str) -> dict[str, object]:
        """Have another module decide from now on, if it decides at all on what is known now.

        Args:
            module: that has proved itself on its golden cases.
            by: who wants it.

        Raises:
            ConfigurationError: it doesn't decide where the present one does.
        """
        with self._lock:
            self._rehearse(module)
            self.before, self.current, self.trial_left = self.current, module, TRIAL_PLANS
            self._chose("decides", module, by, "policy swapped", module.versions.module)
            return self.told()

    def go_back(self, by: str) -> dict[str, object]:
        """Have the module before the last swap decide again.

        Raises:
            ConfigurationError: there is none.
        """
        with self._lock:
            self._go_back(by, "as somebody wanted")
            return self.told()

    def watch(self, module: InferenceModule | None, by: str) -> dict[str, object]:
        """Have a module plan beside the one that decides, and nothing of it go out; None ends it."""
        with self._lock:
            self.watched = module
            what = "nothing" if module is None else module.versions.module
            self._chose("watched", module, by, "policy watched", what)
            return self.told()

    def compare(self) -> Comparison | None:
        """The latest plan beside that of the watched module, once; None where there is nothing to compare.

        Beside the desk's own work, so that a watched module that hangs keeps no order from going out.
        """
        watched, given = self.watched, self._latest
        self._latest = None
        if watched is None or given is None:
            return None
        found, plan = given
        made = self._plan_of(watched, found, plan.context.lane_wait_days, plan.context.now)
        result = compared(self._writer.places, plan, made)
        self._writer.submit(lambda turn: keep(turn, result)).result()
        return result

    def told(self) -> dict[str, object]:
        """For people."""
        return {
            "module": self.current.versions.module,
            "manifest_digest": self.current.versions.manifest_digest,
            "before": None if self.before is None else self.before.versions.module,
            "watched": None if self.watched is None else self.watched.versions.module,
            "trial_plans_left": self.trial_left,
        }

    def _plan_of(self, module: InferenceModule, found: Recorded, waits: Mapping[str, int], now: datetime) -> Plan:
        return make_plan(module, self._writer.places, self._settings, found, waits, now)

    def _go_back(self, by: str, why: str) -> None:
        if self.before is None:
            raise ConfigurationError("policy: there is none before this one")
        gone = self.current.versions.module
        self.current, self.before, self.trial_left = self.before, None, 0
        fields = {"module": self.current.versions.module, "gone": gone, "why": why}
        log.error("policy: back to the one before", extra={"fields": fields})
        self._chose("decides", self.current, by, "policy back", f"{gone}: {why}")

    def _rehearse(self, module: InferenceModule) -> None:
        now = self._clock.now()
        waits = dict.fromkeys(self._writer.places.names.arrays.lanes, 0)
        try:
            found: Recorded = self._writer.submit(lambda turn: recorded(turn.mirror, now)).result()
            own = self._plan_of(self.current, found, waits, now)
        except (ConfigurationError, InputRefused):
            return  # nothing can be planned at present, by any module
        other = self._plan_of(module, found, waits, now)
        if other.summary.source == "fallback" and own.summary.source != "fallback":
            why = "; ".join(other.summary.reasons)[:500]
            raise ConfigurationError(f"policy: {module.versions.module} doesn't decide on what is known now: {why}")

    def _chose(self, part: Part, module: InferenceModule | None, by: str, what: str, about: str) -> None:
        def work(turn: Transaction) -> None:
            choose(turn, part, module, self._given)
            turn.note(by, what, about)

        self._writer.submit(work).result()

    def _resume(self) -> None:
        """Begin with what was chosen before a restart; what can't be had any more is told, and not waited for."""
        kept = self._writer.submit(lambda turn: [chosen(turn.connection, part) for part in get_args(Part)]).result()
        decides, watched = kept
        own = self._given.versions
        if decides is not None and decides.given != own.manifest_digest:
            log.warning("policy: %s is given now, so what was swapped in for another one is left", own.module)
            self._chose("decides", None, "start", "policy given", own.module)
            decides = None
        if decides is not None and (module := self._again(decides)) is not None:
            self.before, self.current, self.trial_left = self._given, module, TRIAL_PLANS
            log.info("policy: %s decides, as before the restart", module.versions.module)
        if watched is not None:
            self.watched = self._again(watched)

    def _again(self, wanted: Chosen) -> InferenceModule | None:
        try:
            return load(Path(wanted.path), manifest_digest=wanted.digest, apart=True)
        except InferenceError as error:
            log.error("policy: %s can't be had again after the restart: %s", wanted.path, error)
            return None


def loaded(path: str) -> InferenceModule:
    """A module from a folder, which has proved itself on its golden cases in a process of its own.

    Raises:
        ModuleRefused: what is wrong with it.
    """
    return load(Path(path), apart=True)
