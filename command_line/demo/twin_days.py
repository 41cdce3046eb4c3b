"""Days of the twin, with the orders that come by webhook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import torch

from entrepot.command_line.demo.days import Said, Step
from entrepot.command_line.demo.disturbances import FIRST_DAY, Disturbance, Mouthpiece, Places, disturbed
from entrepot.command_line.demo.telling import Teller, at, source_of
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.as_live import AsLive
from entrepot.envs.observe.reading import Costly
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import Flows, draw_scenario
from entrepot.envs.world import build_world
from entrepot.scheduler.events import data as kinds

WARM_UP_DAYS = 90
OPENED = timedelta(hours=1)
"""So long before its first day it is opened."""
MORNING, EVENING = 1.0, 22.0
"""Hours of a day at which it is told what can be done, and what was done. Lanes' cut-offs lie between them."""


@dataclass(frozen=True)
class Ordered:
    """An order that was handed over."""

    key: str
    lane: str
    lines: list[dict[str, Any]]  # sku, units


Collect = Callable[[], list[Ordered]]
"""Gives the orders that came since it was last asked."""


class TwinDays:
    """A network after a warm-up under ordering up to the usual cover."""

    def __init__(
        self,
        network: str,
        *,
        skus: int,
        days: int,
        seed: int,
        disturbances: set[Disturbance],
        collect: Collect | None,
        demand: str | DemandSettings | None = None,
        true_arrivals: bool = False,
        sees_lost: bool = True,
    ) -> None:
        """Build it and live through the warm-up.

        Args:
            network: by name or path.
            skus: how many.
            days: how many.
            seed: of the scenario.
            disturbances: what goes wrong.
            collect: the orders of a day; the usual cover is ordered up to if None.
            demand: by name or path, or its settings.
            true_arrivals: tell shipments' true days of arrival, which nobody can know.
            sees_lost: tell all that was asked for; else what was sold or waits, and of what customers may have left.
        """
        self._world = build_world(
            network, DemandSettings(name=demand) if isinstance(demand, str) else demand, skus=skus
        )
        names, self._days, self._collect = self._world.network, days, collect
        self._teller, self._names, self._sees_lost = Teller(names, true_arrivals=true_arrivals), names, sees_lost
        scenario = draw_scenario(
            names, self._world.demand, episodes=1, days=WARM_UP_DAYS + days, split=Split.TEST, seed=seed
        )
        self._hurt = Places.of(self._world)
        self._scenario = disturbed(scenario, disturbances, self._hurt, WARM_UP_DAYS + FIRST_DAY)
        node, sku = names.nodes[self._hurt.node], names.skus[self._hurt.sku]
        self._mouth = Mouthpiece(disturbances, source_of(kinds.Telemetry(node=node)), node, sku)
        self._simulation, self._rule = self._world.simulation(), base_cover_rule(self._world.attributes)
        self._first = int(scenario.first_day[0])
        self._demand: dict[int, Any] = {}
        self._short: dict[int, Any] = {}  # by day: [M, S] of what customers may have left; empty where all is told
        self._as_live = AsLive(self._world.parameters, self._world.attributes)

        def remember(lived: Lived) -> None:
            day = self._first + lived.number
            self._demand[day] = self._asked_of(lived.flows)
            self._note_short(day, lived)
            self._teller.remember(day, lived.flows.shipped[0].numpy(), lived.flows.transit_days[0].numpy())

        with torch.no_grad():
            opening = stocked(self._simulation, episodes=1)
            self._knew = self._as_live.begin(opening.state)
            self._present = self._simulation.run(opening, self._scenario, self._rule, days=WARM_UP_DAYS, watch=remember)
        self.start = at(self._first + WARM_UP_DAYS, 0)

    @property
    def silent(self) -> str | None:
        """A source that says nothing at present."""
        return self._mouth.silent

    def opening(self) -> list[Said]:
        """Stock, 90 days of demand, what is on its way and what customers wait for."""
        state = self._present.state
        told = self._teller.opening(
            self._first + WARM_UP_DAYS,
            state.on_hand[0].numpy(),
            state.dock[0].numpy(),
            self._demand,
            state.backlog[0].numpy(),
        )
        short = (
            one for day, units in self._short.items() for one in self._teller.sold_out(day, units, self.start - OPENED)
        )
        return [Said.of(data, time) for data, time in (*told, *short)]

    def steps(self) -> Iterator[Step]:
        """A morning and an evening each day."""
        for number in range(self._days):
            today = self._first + WARM_UP_DAYS + number
            yield Step(at(today, MORNING), lambda number=number: self._morning(number))  # type: ignore[misc]
            yield Step(at(today, EVENING), lambda number=number: self._evening(number))  # type: ignore[misc]

    def _morning(self, number: int) -> tuple[list[Said], dict[str, Any]]:
        today, day = self._first + WARM_UP_DAYS + number, self._scenario.at(WARM_UP_DAYS + number)
        told = self._teller.conditions(number + 1, today, day.lane_open[0].tolist(), day.equipment[0].tolist())
        return self._said(number, told, at(today, MORNING)), {}

    @torch.no_grad()
    def _evening(self, number: int) -> tuple[list[Said], dict[str, Any]]:
        today, day = self._first + WARM_UP_DAYS + number, self._scenario.at(WARM_UP_DAYS + number)
        orders = [] if self._collect is None else self._collect()
        decisions = (
            self._rule(self._simulation.observe(self._present, day, frozenset({Costly.PIPELINE})))
            if self._collect is None
            else self._decisions(orders)
        )
        self._present, flows, costs = self._simulation.live(self._present, decisions, day)
        self._note_short(today, Lived(number, day, decisions, flows, costs, self._present))
        moment = at(today, EVENING) - timedelta(minutes=1)
        units = {name: getattr(flows, name)[0].numpy() for name in ("unloaded", "restocked", "scrapped")}
        units["served"] = flows.served[:, 0].numpy()
        asked, lost = flows.demand[0].numpy(), float(flows.lost.sum())
        last = {self._names.lanes.index(one.lane): one.key for one in orders}  # what left is of the latest order

        def told() -> Iterator[tuple[kinds.Data, datetime]]:
            yield from self._teller.received(today, moment)
            yield from self._teller.moved(units, moment)
            yield from self._teller.asked(today, self._asked_of(flows), moment)
            if not self._sees_lost:
                yield from self._teller.sold_out(today, self._short[today], moment)
            yield from self._teller.waiting(number + 1, self._present.state.backlog[0].numpy(), moment)
            shipped, transit = flows.shipped[0].numpy(), flows.transit_days[0].numpy()
            yield from self._teller.sent(today, shipped, transit, moment, last)
            for one in orders:  # what could not be shipped is not to come
                lines = [kinds.Line(sku=line["sku"], units=line["units"]) for line in one.lines]
                yield kinds.Order(order=one.key, lane=one.lane, lines=lines, status="closed", revision=1), moment

        said = self._said(number, told(), moment)
        figures = {
            "date": at(today, 0).date().isoformat(),
            "asked_units": float(asked.sum()),
            "lost_units": lost,
            "usd": float(costs.total.sum()),
            "orders": len(orders),
            "ordered_units": float(flows.ordered.sum()),
            "shipped_units": float(flows.shipped.sum()),
            "on_hand_units": float(self._present.state.on_hand.sum()),
        }
        return said, figures

    def _asked_of(self, flows: Flows) -> Any:
        """[M, S] of a day, as it is told."""
        asked = flows.demand if self._sees_lost else flows.demand - flows.lost
        return asked[0].numpy().copy()

    def _note_short(self, today: int, lived: Lived) -> None:
        """As `as_live` sees it; nothing where all that was asked for is told."""
        if not self._sees_lost:
            short = self._as_live.sold_out(self._knew, lived.state, lived.flows, lived.day)
            self._short[today] = short[0].numpy().copy()
            self._knew = self._as_live.begin(lived.state)

    def _said(self, number: int, told: Any, moment: datetime) -> list[Said]:
        on_hand = int(self._present.state.on_hand[0, self._hurt.node, self._hurt.sku])
        return self._mouth.say(number, [Said.of(data, time) for data, time in told], moment, on_hand)

    def _decisions(self, orders: list[Ordered]) -> Decisions:
        units = np.zeros((1, len(self._names.lanes), len(self._names.skus)), np.float32)
        for one in orders:
            for line in one.lines:
                units[0, self._names.lanes.index(one.lane), self._names.skus.index(line["sku"])] += line["units"]
        return Decisions(torch.from_numpy(units))
