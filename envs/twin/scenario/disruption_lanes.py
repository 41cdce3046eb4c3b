"""How much later goods arrive for a disruption: departures that don't take place, longer ways, arrivals that wait."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.twin.scenario.disruption_spans import Spans
from entrepot.envs.twin.scenario.sources import Stretch

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]

Struck = tuple[Spans, NDArray[np.bool_]]
"""When, and which of the lanes."""


class Departures:
    """Days on which lanes leave, counted from each episode's first. B episodes, T days, L lanes."""

    def __init__(self, stretch: Stretch) -> None:
        """Args: what is drawn for."""
        self.wait = stretch.network.lane.wait_days  # [7, L]
        self.weekday = (stretch.first_day + 3) % 7  # [B] of the first day
        self.days: Integers = np.broadcast_to(np.arange(stretch.days), stretch.shape)  # [B, T]
        self.today = np.arange(stretch.days)[None, :, None]  # [1, T, 1]
        weekday = (self.weekday[:, None] + np.arange(stretch.days)) % 7
        self.scheduled: Integers = self.today + self.wait[weekday]  # [B, T, L]

    def taking_place(self, shut: Sequence[Struck], *, as_known: bool) -> Integers:
        """[B, T, L] the day on which what is ordered on each day leaves.

        Args:
            shut: when lanes are.
            as_known: as far as is known on the day of the order; else as it turns out.
        """
        departs = self.scheduled.copy()
        # A departure that is put off may fall into the next closure: on until none does.
        moved = True
        while moved:
            moved = False
            for spans, struck in shut:
                if as_known and not spans.end_is_known:
                    continue
                lanes = np.flatnonzero(struck)
                for start, end, known in spans.occurrences(3):
                    here = departs[..., lanes]
                    inside = (start <= here) & (here < end)
                    if as_known:
                        inside &= known <= self.today
                    if inside.any():
                        departs[..., lanes] = np.where(inside, self._from(end, lanes), here)
                        moved = True
        return departs

    def _from(self, day: Integers, lanes: Integers) -> Integers:
        """[B, 1, C] the first departure of some lanes on a day or after it."""
        weekday = (self.weekday + day[:, 0, 0]) % 7
        return np.asarray(day + self.wait[weekday][:, lanes][:, None])


def production_days(stretch: Stretch, stops: Sequence[tuple[Spans, Booleans]]) -> Integers:
    """[B, T, K] days by which what is ordered of each supplier is ready later, for it stands still meanwhile.

    Args:
        stretch: what is drawn for.
        stops: when, and which of K suppliers.
    """
    needed = stretch.network.supplier.production_days
    suppliers, episodes = len(needed), len(stretch.first_day)
    longest = sum(int((spans.end - spans.start).sum(axis=1).max(initial=0)) for spans, _ in stops)
    days = np.arange(stretch.days + int(needed.max(initial=0)) + longest + 1)
    still = np.zeros((episodes, len(days), suppliers), np.int64)
    for spans, struck in stops:
        lasts = spans.lasts_on(np.broadcast_to(days, (episodes, len(days))))
        still |= lasts[..., None] & struck
    stood = np.concatenate([np.zeros_like(still[:, :1]), still.cumsum(axis=1)], axis=1)  # before each day
    today = np.arange(stretch.days)[None, :, None]
    later = np.zeros((episodes, stretch.days, suppliers), np.int64)
    while True:  # each day of standstill may reach into another one
        ready = np.minimum(today + needed + later, len(days))
        found = np.take_along_axis(stood, ready, axis=1) - stood[:, : stretch.days]
        found = np.where(needed > 0, found, 0)
        if (found == later).all():
            return later
        later = found


def put_off(
    arrives: Integers,
    departs: Integers,
    *,
    extra: Sequence[tuple[Spans, Integers]],
    late: Sequence[tuple[Spans, Integers]],
    holds: Sequence[Struck],
) -> Integers:
    """[B, T, L] days of arrival with longer ways, congestion and holds.

    Args:
        arrives: [B, T, L] days of arrival without.
        departs: [B, T, L] days of departure.
        extra: days on lanes [L] of what departs meanwhile.
        late: days on lanes [L] of what would arrive meanwhile.
        holds: when which lanes' arrivals wait until it is over.
    """
    arrives = arrives.copy()
    for spans, days in extra:
        lanes = np.flatnonzero(days)
        arrives[..., lanes] += days[lanes] * spans.lasts_on(departs[..., lanes])
    for spans, days in late:
        lanes = np.flatnonzero(days)
        arrives[..., lanes] += days[lanes] * spans.lasts_on(arrives[..., lanes])
    moved = True
    while moved:  # what one hold lets go may fall into the next
        moved = False
        for spans, struck in holds:
            lanes = np.flatnonzero(struck)
            for start, end, _ in spans.occurrences(3):
                here = arrives[..., lanes]
                inside = (start <= here) & (here < end)
                if inside.any():
                    arrives[..., lanes] = np.where(inside, end, here)
                    moved = True
    return arrives
