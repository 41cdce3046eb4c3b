"""What a plan is charged for what it learns too early.

Information relaxation with gradient penalties (Brown and Smith 2014, 'Information relaxations, duality, and convex
stochastic dynamic programs'; Brown, Smith and Sun 2010, 'Information relaxations and duality in stochastic dynamic
programs'). A unit shipped on day t is charged

    worth expected on day t − worth in what does come

where its worth is the gradient of later cost along a policy's path. Given what is known on day t the charge is 0 in
expectation, so that a policy which doesn't know the future pays nothing on average whatever it orders, and the plan's
cost with its charges bounds the policy's from below. The expectation is taken as the mean over futures drawn from that
day on, which leaves it 0 for any number of them: the worth in what does come is one more draw of the same distribution.
More futures make the bound closer, not truer.

A lane that starts at a node sends what the day's customers left there, and a centre with a limit takes what they made
room for. Both hang on the day's demand (`settled_beforehand`), so that a charge whose mean is 0 without it would not be
0 in expectation. There the expectation is taken after the day, over futures that begin on the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from entrepot.agents.planners.charges import Charges, prices
from entrepot.agents.planners.doubles import doubles
from entrepot.agents.planners.instance import Instance
from entrepot.agents.policy import Policy
from entrepot.envs.network.inbound.arrays import NO_LIMIT
from entrepot.envs.simulation import Present, Simulation
from entrepot.envs.twin import Scenario, State, TwinParameters
from entrepot.training.dual_bound.futures import Futures
from entrepot.training.dual_bound.path import Path
from entrepot.training.dual_bound.worth import Worth

MOST_OF_STEEPEST = 0.99
"""Of what holding a unit to the end costs, a charge may pay back so much: the rest keeps every plan finite."""


@dataclass(frozen=True)
class Effort:
    """How hard the expectation is worked out."""

    copies: int  # futures drawn from each day on
    look_ahead_days: int  # after which stock is taken at its landed value
    levels: tuple[float, ...] = (1.2, 1.002, 0.998, 0.8)  # of demand, falling, between which slopes are blended


@dataclass(frozen=True)
class Penalty:
    """Of one episode."""

    charges: Charges
    path: Charges  # units of the policy's path in the same places

    @property
    def on_path_usd(self) -> float:
        """What the path itself is charged: 0 in expectation, and taken off, so that the bound varies less."""
        return self.charges.on(self.path)


def penalties(
    simulation: Simulation,
    futures: Futures,
    scenario: Scenario,
    policy: Policy,
    instances: Sequence[Instance],
    effort: Effort,
    *,
    done: Callable[[int], None],
) -> list[Penalty]:
    """Of each of E episodes.

    Args:
        simulation: in fractions of a unit.
        futures: of the scenario.
        scenario: warm-up days, then T.
        policy: whose path it is; remembers nothing itself.
        instances: [E] the T days of each episode.
        effort: how hard to work.
        done: told of days as they are done with.
    """
    arrival = torch.as_tensor(np.stack([instance.arrival for instance in instances]))  # [E, T, L]
    days = arrival.shape[1]
    warm_up_days = scenario.days - days
    path = Path.of(simulation, scenario, policy, warm_up_days=warm_up_days)
    each, lane = 1 + effort.copies, simulation.parameters.lane
    at_once, held = zip(*(prices(instance) for instance in instances), strict=True)
    price, steepest = _OfEpisodes.of(at_once), _OfEpisodes.of(held)
    beforehand = torch.zeros_like(path.shipped)  # of what is settled before the day's demand is known
    afterwards = torch.zeros_like(path.shipped)  # of what hangs on it
    opening: list[Tensor] = []

    def shipped(worths: Sequence[Worth], today: int, *, from_day: int) -> Tensor:
        to_go = (arrival[:, today] - from_day).repeat_interleave(each, dim=0)
        worth_of = [worth.of_lanes(lane.destination, lane.from_node, to_go) for worth in worths]
        return _charged(worth_of, each, price.ship[:, today], path.shipped[:, today], steepest.ship[:, today])

    for day in range(days):
        # Of the day itself nothing is known yet when it is decided.
        ahead = futures.from_day(warm_up_days + day, min(1 + effort.look_ahead_days, days - day), effort.copies)
        before, after = zip(
            *(
                Worth.around(simulation, _copied(path.presents[day], each), at, policy, first=0, days=at.days)
                for at in _at_levels(ahead, effort)
            ),
            strict=True,
        )
        if day == 0:
            opening = _charged_at_first(before, each, price, path.presents[0].state, steepest)
        else:
            afterwards[:, day - 1] = shipped(before, day - 1, from_day=day)
        if day + 1 < days:
            beforehand[:, day] = shipped(after, day, from_day=day + 1)
        done(1)
    settled = settled_beforehand(simulation.parameters)[:, None]
    ship, begun = torch.where(settled, beforehand, afterwards), path.presents[0].state
    units = begun.on_hand, begun.dock, begun.pipeline_by_days()
    return [
        Penalty(
            _charges(ship[episode], *(value[episode] for value in opening)),
            _charges(path.shipped[episode], *(value[episode] for value in units)),
        )
        for episode in range(scenario.episodes)
    ]


def _charged_at_first(
    worths: Sequence[Worth], each: int, price: _OfEpisodes, begun: State, steepest: _OfEpisodes
) -> list[Tensor]:
    """[E, …] of units on hand, at the dock and [E, N, S, H] arriving."""
    ring = worths[0].arriving.shape[-1]
    return [
        _charged(values, each, cost, units, most)
        for values, cost, units, most in (
            ([worth.on_hand for worth in worths], price.opening_on_hand, begun.on_hand, steepest.opening_on_hand),
            ([worth.dock for worth in worths], price.opening_dock, begun.dock, steepest.opening_dock),
            (
                [worth.arriving for worth in worths],
                _by_days(price.opening_arriving, ring),
                begun.pipeline_by_days(),
                _by_days(steepest.opening_arriving, ring),
            ),
        )
    ]


def settled_beforehand(parameters: TwinParameters) -> Tensor:
    """[L] whether what a lane ships is settled before the day's demand is known, or hangs on that.

    Lanes that start at a node ship after the day's customers are served; those into centres with a limit, as much as
    stock leaves room for; and their suppliers' other lanes share a capacity with them.
    """
    lane, inbound = parameters.lane, parameters.inbound
    settled = lane.from_node.sum(dim=0) == 0
    if inbound is not None and inbound.limited:
        has_limit = (inbound.limit_m3 < NO_LIMIT).any(dim=1).to(inbound.to_centre)
        into_limit = inbound.lanes[(has_limit @ inbound.to_centre) > 0]
        settled &= ~torch.isin(lane.origin, lane.origin[into_limit])
    return settled


def _copied(present: Present, each: int) -> Present:
    """[E · each], copies of an episode side by side, in memory of their own."""
    return present.episodes_at(torch.arange(present.episodes).repeat_interleave(each))


def _at_levels(ahead: Scenario, effort: Effort) -> Iterator[Scenario]:
    """The same futures with more and with less demand."""
    for level in effort.levels:
        yield replace(ahead, demand=Scenario.axes()["demand"].laid_out(ahead.demand * level))


def _charged(worths: Sequence[Tensor], each: int, price: Tensor, units: Tensor, steepest: Tensor) -> Tensor:
    """[E, …] of worths [E · each, …] at each level, of which the first of an episode is what does come.

    Given all of an episode's futures and not which of them comes, each is as likely: so the mean may be taken over all,
    and whatever is worked out from all of them alike leaves the charge at 0 in expectation. So levels of demand are
    blended where the path's decision would be worth changing, until on average it isn't: a blend of slopes near the
    path is nearly a slope there. And a common factor keeps plans finite.

    Args:
        worths: at levels of demand that fall, so that slopes rise.
        each: futures of an episode.
        price: [E, …] USD of a unit at once.
        units: [E, …] of the path; where there are none, another may well be worth less than nothing.
        steepest: [E, …] what holding one to the end costs.
    """
    slopes = torch.stack([worth.reshape(-1, each, *worth.shape[1:]) for worth in worths])  # [levels, E, each, …]
    slope = slopes.mean(dim=2) + price  # [levels, E, …]
    blended = slopes[0]
    for low, high, ahead, behind in zip(slope[:-1], slope[1:], slopes[1:], slopes[:-1], strict=True):
        share = (-low / (high - low).clamp(min=1e-9)).clamp(0.0, 1.0).unsqueeze(1)
        blended = torch.where((low < 0).unsqueeze(1), torch.lerp(behind, ahead, share), blended)
    middle = slopes[(len(worths) - 1) // 2]
    unwanted = (units <= 0) & (slope[(len(worths) - 1) // 2] > 0)
    blended = torch.where(unwanted.unsqueeze(1), middle, blended)
    mean = blended.mean(dim=1)
    spread = (blended.amax(dim=1) - mean).clamp(min=1e-9)
    return (MOST_OF_STEEPEST * steepest / spread).clamp(0.0, 1.0) * (mean - blended[:, 0])


@dataclass(frozen=True)
class _OfEpisodes:
    """`Charges` of E episodes."""

    ship: Tensor  # [E, T, L, S]
    opening_on_hand: Tensor  # [E, N, S]
    opening_dock: Tensor  # [E, N, S]
    opening_arriving: Tensor  # [E, T, N, S]

    @classmethod
    def of(cls, charges: Sequence[Charges]) -> Self:
        """Of one an episode."""
        stacked = (np.stack([getattr(of, field.name) for of in charges]) for field in fields(cls))
        return cls(*(torch.as_tensor(values).float() for values in stacked))


def _by_days(arriving: Tensor, ring: int) -> Tensor:
    """[E, N, S, H] of [E, T, N, S], with 0 where H is longer."""
    by_days = arriving[:, :ring].permute(0, 2, 3, 1)
    return torch.nn.functional.pad(by_days, (0, ring - by_days.shape[-1]))


def _charges(ship: Tensor, on_hand: Tensor, dock: Tensor, by_days: Tensor) -> Charges:
    """Of one episode; [N, S, H] of the ring by days to arrival becomes [T, N, S]."""
    arriving = np.zeros((len(ship), *on_hand.shape))
    ring = doubles(by_days.permute(2, 0, 1))
    shown = min(len(ring), len(arriving))
    arriving[:shown] = ring[:shown]
    stock = np.zeros_like(arriving)  # is charged through what is sent
    return Charges(doubles(ship), stock, stock, doubles(on_hand), doubles(dock), arriving)
