"""What a unit in a store that stands alone is worth, day by day, with the chances of demand itself.

Any function of the state gives a valid penalty (Brown and Smith 2014); the closer it is to what a unit is worth along
the best policy, the closer the bound. Here it is worked out by backward induction along a policy's paths: the worth
expected on a day, exact given what units are worth on the next, is fitted to what is on hand and what is on its way (as
Longstaff and Schwartz 2001 do for options, 'Valuing American options by simulation').

A store's cost has kinks where demand takes just the last unit: with one unit more it is left over, with one less a
customer is lost. Slopes of both sides are blended there, day by day: by so much that another unit was worth its price,
no more and no less, when the day's delivery was ordered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from entrepot.training.dual_bound.stores import Store

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SMOOTHING = 1e-6
"""Weight of differences between neighbouring knots, where no path comes by."""
REACH = 3
"""Units on both sides of the last one that slopes are blended over, where the path has that much too much or little."""
MOST_KNOTS = 30, 14
"""Of what is present, and of that with all that is on its way."""


@dataclass(frozen=True)
class Grid:
    """Tents over what is present, times tents over that and all that is on its way; whole units apart, if few."""

    present: Floats  # [P] knots
    position: Floats  # [Q] knots; a single one says nothing

    @classmethod
    def over(cls, store: Store) -> Self:
        """Of what a policy has in the store."""
        position = store.present + store.before if store.longest_lead_days > 1 else np.zeros(1)
        return cls(_knots(store.present, MOST_KNOTS[0]), _knots(position, MOST_KNOTS[1]))

    def at(self, present: Floats, position: Floats) -> Floats:
        """[…, P·Q] of units […]."""
        product = _tents(present, self.present)[..., :, None] * _tents(position, self.position)[..., None, :]
        return np.asarray(product.reshape(*present.shape, -1))

    @property
    def roughness(self) -> Floats:
        """[P·Q, P·Q] squared differences between neighbours."""
        number = np.arange(len(self.present) * len(self.position)).reshape(len(self.present), -1)
        pairs = [(number[:-1], number[1:]), (number[:, :-1], number[:, 1:])]
        one, other = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
        difference = np.eye(number.size)[one] - np.eye(number.size)[other]
        return np.asarray(SMOOTHING * difference.T @ difference + SMOOTHING**1.5 * np.eye(number.size))


def _knots(units: Floats, most: int) -> Floats:
    low, high = np.floor(np.quantile(units, 0.002)), np.quantile(units, 0.998)
    step = max(1.0, np.ceil((high - low) / (most - 1)))
    return np.asarray(low + step * np.arange(np.ceil((high - low) / step) + 1))


def _tents(units: Floats, knots: Floats) -> Floats:
    """[…, K] shares of the knots on both sides, which add up to 1."""
    if len(knots) == 1:
        return np.ones((*units.shape, 1))
    place = ((units - knots[0]) / (knots[1] - knots[0])).clip(0.0, len(knots) - 1.0)
    return np.asarray((1 - np.abs(place[..., None] - np.arange(len(knots)))).clip(min=0.0))


Fitted = dict[tuple[int, int], Floats]
"""By day and day of arrival: [1 + 2·REACH, F] of one more unit, then of what each step of the blend changes."""


@dataclass
class Worths:
    """Martingale differences of a unit's worth along paths: what a day's demand told of it."""

    store: Store
    grid: Grid
    chances: Floats  # [D] of 0, 1, … units a day, the last of as many or more; more than ever are present
    fitted: Fitted = field(default_factory=dict)
    fits: bool = True  # whether `fitted` is to be worked out or used
    stock: Floats = field(init=False)  # [E, T] USD of a unit that is present on the day: expected less come true
    on_its_way: Floats = field(init=False)  # [E, T, T] of one that is on its way from the day on, by day of arrival
    share: Floats = field(init=False)  # [E, T + 1] steps of the blend by day; negative where more was wanted
    ordered: Integers = field(init=False)  # [E, T + 1] day on which that was settled; T if on none

    def __post_init__(self) -> None:
        """Go backward through the days of arrival, and from each back to the days on which it is ordered."""
        episodes, days = self.store.present.shape
        self.stock, self.on_its_way = np.zeros((episodes, days)), np.zeros((episodes, days, days))
        self.share, self.ordered = np.zeros((episodes, days + 1)), np.full((episodes, days + 1), days)
        grids = [self._after(day) for day in range(days)]
        everybody = np.arange(episodes)
        came = self.store.demand.astype(np.int64).clip(max=len(self.chances) - 1)
        expected = [np.einsum("d,edf->ef", self.chances, at) for at in grids]
        come_true = [at[everybody, came[:, day]] for day, at in enumerate(grids)]
        here = [
            self.grid.at(self.store.present[:, day], self.store.present[:, day] + self.store.before[:, day])
            for day in range(days)
        ]
        for arrival in reversed(range(days)):
            slopes = self._slopes(arrival, grids[arrival])
            worth = {arrival: slopes @ self.chances}
            if self.fits:
                self._fit(arrival, arrival, here[arrival], worth[arrival])
            for day in range(arrival - 1, max(-1, arrival - self.store.longest_lead_days - 1), -1):
                worth[day] = self.fitted[day + 1, arrival] @ self._known(expected[day], arrival, day + 1).T
                if self.fits:
                    self._fit(day, arrival, here[day], worth[day])
            self._settle(arrival, worth)
            share = taken(self.share[:, arrival])
            today = np.einsum("ke,ked->ed", share, slopes)
            self.stock[:, arrival] = today @ self.chances - today[everybody, came[:, arrival]]
            for day in worth:
                if day < arrival:
                    told = self._known(expected[day] - come_true[day], arrival, day + 1)
                    known = np.where(np.arange(len(share))[:, None] > 0, day >= self.ordered[:, arrival], True)
                    parts = self.fitted[day + 1, arrival] @ told.T  # [1 + 2·REACH, E]
                    self.on_its_way[:, day, arrival] = (share * known * parts).sum(axis=0)
        self.on_its_way = self.on_its_way[:, ::-1].cumsum(axis=1)[:, ::-1]

    def _after(self, day: int) -> Floats:
        """[E, D, F] the grid on the next day's start, by the day's demand."""
        store, units = self.store, np.arange(len(self.chances))
        left = (store.present[:, day, None] - units).clip(min=0.0)
        return self.grid.at(left + store.tomorrow[:, day, None], left + store.coming[:, day, None])

    def _slopes(self, day: int, after: Floats) -> Floats:
        """[1 + 2·REACH, E, D] USD of one more unit by the day's demand, then of what each step of the blend changes."""
        store, units = self.store, np.arange(len(self.chances))
        later = np.zeros(after.shape[:2])
        if (day + 1, day + 1) in self.fitted:
            parts = self.fitted[day + 1, day + 1] @ self._known(after, day + 1, day + 1).swapaxes(
                1, 2
            )  # [E, 1 + 2·REACH, D]
            share = taken(self.share[:, day + 1])
            later = np.einsum("ke,ekd->ed", share, parts)
        stays, sells = store.keep[:, day, None] + later, -store.lost[:, day, None]
        beyond = units - store.present[:, day, None]
        less = [np.where((beyond <= -step) & (beyond > -step - 1), sells - stays, 0.0) for step in range(REACH)]
        more = [np.where((beyond > step) & (beyond <= step + 1), stays - sells, 0.0) for step in range(REACH)]
        return np.stack([np.where(beyond > 0, sells, stays), *less, *more])

    def _known(self, grid: Floats, arrival: int, by: int) -> Floats:
        """The grid […, F], once, and times the share of each later arrival that was settled before a day."""
        later = np.arange(arrival + 1, min(arrival + self.store.longest_lead_days, self.share.shape[1]))
        shares = np.where(self.ordered[:, later] < by, self.share[:, later], 0.0)
        padded = np.zeros((len(shares), self.store.longest_lead_days))
        padded[:, 0], padded[:, 1 : 1 + len(later)] = 1.0, shares
        spread = padded.reshape(len(padded), *[1] * (grid.ndim - 2), -1, 1) * grid[..., None, :]
        return np.asarray(spread.reshape(*grid.shape[:-1], -1))

    def _fit(self, day: int, arrival: int, here: Floats, worth: Floats) -> None:
        known = self._known(here, arrival, day)
        rough = np.kron(np.eye(self.store.longest_lead_days), self.grid.roughness)
        squares = known.T @ known / len(known) + rough
        solved: Floats = np.linalg.solve(squares, known.T @ worth.T / len(known)).astype(np.float64)
        self.fitted[day, arrival] = solved.T

    def _settle(self, arrival: int, worth: dict[int, Floats]) -> None:
        """The share of a day's blend: with which another unit was worth its price when it was ordered."""
        store = self.store
        asked: dict[int, tuple[NDArray[np.bool_], Floats]] = {}
        if arrival < store.longest_lead_days:  # what is there at first, or on its way, is the plan's choice too
            asked[0] = np.ones(len(store.opening), bool), store.opening
        for day in sorted(worth.keys() - {arrival}):
            sent = (store.sent[:, day] > 0) & (store.arrival[:, day] == arrival)
            if sent.any():
                asked[day] = sent.any(axis=1), np.where(sent, store.order[:, day], np.inf).min(axis=1)
        for day, (which, price) in asked.items():  # the latest order is the last word
            one_more, less, more = np.split(worth[day], [1, 1 + REACH])
            too_dear = np.where(which, one_more[0] + price, 0.0)
            share = np.where(too_dear > 0, _steps(too_dear, -less), -_steps(-too_dear, more))
            self.share[which, arrival], self.ordered[which, arrival] = share[which], day


def _steps(usd: Floats, each: Floats) -> Floats:
    """[E] how many steps, of which the last may be a part, come to [E] USD; of each step [REACH, E] USD."""
    left, steps = usd.clip(min=0.0), np.zeros(len(usd))
    for step in each.clip(min=1e-9):
        share = (left / step).clip(max=1.0)
        left, steps = left - share * step, steps + share
    return steps


def taken(share: Floats) -> Floats:
    """[1 + 2·REACH, E] how much of each part, of shares [E]."""
    sides = (np.clip(sign * share - np.arange(REACH)[:, None], 0.0, 1.0) for sign in (1, -1))
    return np.concatenate([np.ones((1, len(share))), *sides])
