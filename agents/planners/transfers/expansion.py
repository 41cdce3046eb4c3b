"""The time-expanded network of one transfer: departures that it can catch and still be in time, and paths over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from operator import gt, lt
from typing import Self

from entrepot.agents.planners.transfers.transfer import Transfer
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.routes import Leg, Move, RouteMap


@dataclass(frozen=True)
class Expansion:
    """Departures in the order of the day by which goods must be at the origin; goods wait at places between them."""

    transfer: Transfer
    places: tuple[str, ...]
    moves: tuple[Move, ...]
    tail: tuple[int, ...]  # of each move: the day from `ready` on by which goods are at its origin
    head: tuple[int, ...]  # the day from `ready` on from which they are at its destination
    begin: tuple[int, ...]  # index into `places`
    end: tuple[int, ...]

    @classmethod
    def of(cls, transfer: Transfer, routes: RouteMap) -> Self:
        """Of a transfer.

        Raises:
            ConfigurationError: it can't be in time.
        """
        legs = [leg for leg in routes.legs if _passes(leg, transfer, routes)]
        earliest = _earliest(transfer, legs)
        arrival = earliest.get(transfer.destination)
        if arrival is None or arrival > transfer.due:
            raise ConfigurationError(_too_late(transfer, arrival))
        latest = _latest(transfer, legs)
        moves = [
            Move(leg, day)
            for leg in legs
            if leg.origin in earliest and leg.destination in latest
            for day in range(
                earliest[leg.origin] + leg.cut_off_days,
                latest[leg.destination] - leg.days - leg.unload_days + 1,
            )
            if leg.departs_on(day)
        ]
        return cls._sorted(transfer, moves)

    @classmethod
    def _sorted(cls, transfer: Transfer, moves: Sequence[Move]) -> Self:
        moves = sorted(moves, key=lambda move: (move.departure - move.leg.cut_off_days, move.arrival, move.leg.name))
        ends = {end for move in moves for end in (move.leg.origin, move.leg.destination)}
        places = tuple(sorted(ends | {transfer.origin, transfer.destination}))
        number = {place: index for index, place in enumerate(places)}
        return cls(
            transfer,
            places,
            tuple(moves),
            tuple(move.departure - move.leg.cut_off_days - transfer.ready for move in moves),
            tuple(move.arrival - transfer.ready for move in moves),
            tuple(number[move.leg.origin] for move in moves),
            tuple(number[move.leg.destination] for move in moves),
        )

    def of_these(self, kept: Sequence[bool]) -> Expansion:
        """The same with some of its departures."""
        return self._sorted(self.transfer, [move for move, keep in zip(self.moves, kept, strict=True) if keep])

    @property
    def days(self) -> int:
        """From ready to due."""
        return self.transfer.due - self.transfer.ready

    def cheapest(self, usd: Sequence[float]) -> tuple[Move, ...]:
        """The moves of a path of least cost; of those that cost the same, each leg the one that arrives first.

        Args:
            usd: of each departure, none negative; at least one path has a finite cost.
        """
        onward = self._onward(usd)
        place, target = self.places.index(self.transfer.origin), self.places.index(self.transfer.destination)
        taken: list[Move] = []
        day = 0
        while place != target:
            usable = (i for i, begin in enumerate(self.begin) if begin == place and self.tail[i] >= day)
            best = min(usable, key=lambda i: (usd[i] + onward[self.end[i]][self.head[i]], self.head[i]))
            taken.append(self.moves[best])
            place, day = self.end[best], self.head[best]
        return tuple(taken)

    def through(self, usd: Sequence[float]) -> tuple[list[float], float]:
        """The least cost of a path over each departure, and of any path.

        Args:
            usd: of each departure, none negative.
        """
        there, onward = self._there(usd), self._onward(usd)
        over = [
            there[self.begin[i]][self.tail[i]] + cost + onward[self.end[i]][self.head[i]] for i, cost in enumerate(usd)
        ]
        return over, onward[self.places.index(self.transfer.origin)][0]

    def _there(self, usd: Sequence[float]) -> list[list[float]]:
        """By place and day, the least cost to be there by then. Every leg takes a day, so that one pass will do."""
        wide = self.days + 1
        there = [[inf] * wide for _ in self.places]
        there[self.places.index(self.transfer.origin)] = [0.0] * wide
        for i, cost in enumerate(usd):
            reached, row = there[self.begin[i]][self.tail[i]] + cost, there[self.end[i]]
            for day in range(self.head[i], wide):  # who is there may wait
                if row[day] <= reached:
                    break
                row[day] = reached
        return there

    def _onward(self, usd: Sequence[float]) -> list[list[float]]:
        """By place and day, the least cost from there to the destination."""
        wide = self.days + 1
        onward = [[inf] * wide for _ in self.places]
        onward[self.places.index(self.transfer.destination)] = [0.0] * wide
        for i in range(len(usd) - 1, -1, -1):
            left, row = usd[i] + onward[self.end[i]][self.head[i]], onward[self.begin[i]]
            for day in range(self.tail[i], -1, -1):
                if row[day] <= left:
                    break
                row[day] = left
        return onward


def _passes(leg: Leg, transfer: Transfer, routes: RouteMap) -> bool:
    """Whether the transfer may take a leg: through terminals, and never back to where it began or on from its end."""
    begins = leg.origin == transfer.origin or leg.origin in routes.terminals
    ends = leg.destination == transfer.destination or leg.destination in routes.terminals
    back = leg.destination == transfer.origin or leg.origin == transfer.destination
    return begins and ends and not back and leg.capacity_m3 >= transfer.goods.m3


def _earliest(transfer: Transfer, legs: Sequence[Leg]) -> dict[str, int]:
    """The first day on which the goods can be at each place that they can reach."""

    def onward(place: str, day: int) -> Iterator[tuple[str, int]]:
        for leg in legs:
            if leg.origin == place:
                yield leg.destination, leg.arrival(leg.departure(day))

    return _spread(transfer.origin, transfer.ready, onward, lt)


def _latest(transfer: Transfer, legs: Sequence[Leg]) -> dict[str, int]:
    """The last day on which the goods may be at each place from which they can still be in time."""

    def back(place: str, day: int) -> Iterator[tuple[str, int]]:
        for leg in legs:
            if leg.destination == place:
                departure = day - leg.unload_days - leg.days
                departure -= next(earlier for earlier in range(7) if leg.departs_on(departure - earlier))
                if departure - leg.cut_off_days >= transfer.ready:
                    yield leg.origin, departure - leg.cut_off_days

    return _spread(transfer.destination, transfer.due, back, gt)


def _spread(
    place: str,
    day: int,
    ways: Callable[[str, int], Iterator[tuple[str, int]]],
    better: Callable[[int, int], bool],
) -> dict[str, int]:
    """The best day at each place that ways lead to from a place and a day, one after the other."""
    found, changed = {place: day}, [place]
    while changed:
        here = changed.pop()
        for there, then in ways(here, found[here]):
            if there not in found or better(then, found[there]):
                found[there] = then
                changed.append(there)
    return found


def _too_late(transfer: Transfer, arrival: int | None) -> str:
    key = f"transfer {transfer.name}"
    if arrival is None:
        return f"{key}: no legs lead from {transfer.origin} to {transfer.destination} with enough room"
    due, ready, first = (date.fromordinal(day) for day in (transfer.due, transfer.ready, arrival))
    return f"{key}: due: {due}; what is ready on {ready} is in {transfer.destination} on {first} at the earliest"
