"""What can go wrong in a demonstration, from the sixth day on: in the world, or in what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import numpy as np

from entrepot.command_line.demo.days import Said
from entrepot.envs.twin import Scenario
from entrepot.envs.world import World

FIRST_DAY, DAYS = 5, 7
SILENT_DAYS = 3
SURGE, BROKEN_SHARE, ODD_UNITS = 4.0, 0.3, -500


class Disturbance(StrEnum):
    """By the name of its option."""

    CLOSE_LANE = "close-lane"
    SURGE = "surge"
    BREAKDOWN = "breakdown"
    SILENCE = "silence"
    BAD_CELL = "bad-cell"


@dataclass(frozen=True)
class Places:
    """Where it hurts: the busiest of each, by the usual demand."""

    lane: int
    sku: int
    node: int

    @classmethod
    def of(cls, world: World) -> Places:
        """Of a world: its best-selling SKU, the node that serves most first, the cheapest lane that leads there."""
        units = np.asarray(world.demand.mean_units_per_day).sum(axis=0)
        by_market = np.asarray(world.demand.mean_units_per_day).sum(axis=1)
        served = np.bincount(world.network.option.node[0], weights=by_market, minlength=len(world.network.nodes))
        node = int(served.argmax())
        primary = world.attributes.lane_primary[:, int(units.argmax())].numpy() > 0
        lanes = np.flatnonzero((world.network.lane.destination == node) & primary)
        return cls(int(lanes[0]) if lanes.size else 0, int(units.argmax()), node)


def disturbed(scenario: Scenario, kinds: set[Disturbance], places: Places, first: int) -> Scenario:
    """The same scenario with what goes wrong in the world, from day `first` on."""
    days = slice(first, first + DAYS)
    if Disturbance.CLOSE_LANE in kinds:
        lane_open = scenario.lane_open.clone()
        lane_open[:, days, places.lane] = 0.0
        scenario = replace(scenario, lane_open=lane_open)
    if Disturbance.BREAKDOWN in kinds:
        equipment = scenario.equipment.clone()
        equipment[:, days, places.node] = BROKEN_SHARE
        scenario = replace(scenario, equipment=equipment)
    if Disturbance.SURGE in kinds:
        demand = scenario.demand.clone()
        demand[:, days, :, places.sku] = (demand[:, days, :, places.sku] * SURGE).round()
        scenario = replace(scenario, demand=demand)
    return scenario


class Mouthpiece:
    """Between the world and the wire: holds back what a silent source says, and adds a count that can't be."""

    def __init__(self, kinds: set[Disturbance], source: str, node: str, sku: str) -> None:
        """Args: kinds: that are wanted. source: that falls silent, or counts oddly. node, sku: of the odd count."""
        self._kinds, self._source, self._node, self._sku = kinds, source, node, sku
        self._held: list[Said] = []
        self.silent: str | None = None  # who says nothing at present

    def say(self, number: int, told: list[Said], moment: datetime, on_hand: int) -> list[Said]:
        """What is really sent.

        Args:
            number: of the day, from 0.
            told: what there is to say.
            moment: of the telling.
            on_hand: units that the cell of the odd count holds.
        """
        return list(self._silenced(number, [*told, *self._counted(number, moment, on_hand)]))

    def _silenced(self, number: int, told: list[Said]) -> Iterator[Said]:
        silent = Disturbance.SILENCE in self._kinds and FIRST_DAY <= number < FIRST_DAY + SILENT_DAYS
        self.silent = self._source if silent else None
        if not silent:
            yield from self._held  # all of it, late
            self._held = []
        for said in told:
            if said.source == self.silent:
                self._held.append(said)
            else:
                yield said

    def _counted(self, number: int, moment: datetime, on_hand: int) -> Iterator[Said]:
        if Disturbance.BAD_CELL not in self._kinds or number not in (FIRST_DAY, FIRST_DAY + SILENT_DAYS):
            return
        units = ODD_UNITS if number == FIRST_DAY else on_hand
        yield Said(self._source, "count", moment, {"node": self._node, "sku": self._sku, "on_hand": units})
