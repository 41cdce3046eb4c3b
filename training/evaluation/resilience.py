"""How policies stand a disruption: the same scenarios lived through with it and without.

Time to survive and time to recover are those of Simchi-Levi, Schmidt and Wei ("From Superstorms to Factory Fires:
Managing Unpredictable Supply-Chain Disruptions", Harvard Business Review, January 2014) and of Simchi-Levi et al.
("Identifying Risks and Mitigating Disruptions in the Automotive Supply Chain", Interfaces 45, 2015), with these
differences. There, the time to survive is the longest that supply can match demand once a node is gone: here, the days
from an event's start until service falls below a share of what it is without the event. There, the time to recover is
an input, a node's own until it works again: here that is the event's length, and what is measured is how long customers
feel it after its end. There, the impact is the least that any response leaves, with hindsight: here, what the policy's
own response costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from entrepot.agents.policy import Policy
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.loader import StrictModel
from entrepot.configs.numbers import Count
from entrepot.envs.demand import Split
from entrepot.envs.network import NetworkArrays
from entrepot.envs.network.disruption import DisruptionDescription
from entrepot.envs.network.disruption.when import LONGEST_DAYS, When, first_from
from entrepot.envs.observe.model import EXACT
from entrepot.envs.opening import stocked
from entrepot.envs.settlement import Settlement
from entrepot.envs.simulation import Lived, Simulation
from entrepot.envs.twin import Scenario, TwinParameters, draw_scenario
from entrepot.envs.twin.scenario.disruption import happening_days
from entrepot.envs.twin.scenario.sources import Stretch
from entrepot.envs.twin.scenario.streams import Streams
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import Done, Progress
from entrepot.training.rollout import roll_out

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAYS_AHEAD = 2 * LONGEST_DAYS
"""In which each event of the calendar has a date, moved by its `offset_days`."""
FORESEEN = (
    "observed `exact`: arrival days show holds and closures before anybody knows of them, to policies that look at the "
    "days to arrival; `as_live` shows what is known on the day"
)


class ResilienceSettings(StrictModel):
    """The scenarios, and what counts as served."""

    episodes: Annotated[int, Field(ge=2)] = 32
    warm_up_days: Annotated[int, Field(ge=0)] = 90
    before_days: Annotated[int, Field(ge=7)] = Field(28, description="that count before the event starts")
    after_days: Count = Field(90, description="that are looked at after its end")
    seed: Annotated[int, Field(ge=0)] = 0
    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.95, description="share of the undisturbed service below which a network doesn't survive"
    )
    tolerance: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="within this share of the undisturbed service a network has recovered"
    )


@dataclass(frozen=True)
class Service:
    """What customers asked for and got: E episodes, T days, M markets."""

    demand: Floats  # [E, T, M] units
    on_the_day: Floats  # [E, T, M] units of these, from stock on the day
    lost: Floats  # [E] units
    settled_usd: Floats  # [E] cost of the days with stock settled at both ends


@dataclass(frozen=True)
class Trial:
    """A policy with and without an event."""

    disruption: str
    policy: str
    with_it: Service
    without: Service
    start: Integers  # [E] the day on which it starts, of those that count
    end: Integers  # [E] the first day after it


@dataclass(frozen=True)
class Resilience:
    """All trials."""

    trials: tuple[Trial, ...]
    markets: tuple[str, ...]
    settings: ResilienceSettings
    split: Split
    remarks: tuple[str, ...]  # of disruptions in this network


def resilience(
    world: World,
    policies: Mapping[str, Policy],
    disruptions: Sequence[DisruptionDescription],
    settings: ResilienceSettings,
    *,
    split: Split = Split.TEST,
    progress: Progress | None = None,
) -> Resilience:
    """Live through every disruption with every policy, and through the same scenarios without it.

    An event of a set day, or of chance, starts `before_days` after the warm-up; for one of the calendar, episodes begin
    so many days before its date. Each comes once; of several dates the others are left out.

    Args:
        world: a network that nothing befalls, with room for what is put off: `roomy`. Observed `exact`, it shows
            holds before they come to who looks at the days to arrival, which the remarks tell.
        policies: by name, as they were made for this world.
        disruptions: that befall it one by one.
        settings: which scenarios, and what counts as served.
        split: which part of the time line demand is drawn from.
        progress: told as days pass.

    Raises:
        ConfigurationError: the network has nothing of what an event strikes.
    """
    trials, remarks = [], [FORESEEN] if world.observation == EXACT else []
    for disruption in disruptions:
        struck = _Struck.of(world, disruption, settings, split)
        remarks += [f"{disruption.name}: {remark}" for remark in struck.remarks]
        for name, policy in policies.items():
            done = _counted(progress, f"{name}, {disruption.name}", 2 * struck.without.days * settings.episodes)
            with_it, without = (
                _lived(world, policy, scenario, settings, done) for scenario in (struck.with_it, struck.without)
            )
            trials.append(Trial(disruption.name, name, with_it, without, struck.start, struck.end))
    return Resilience(tuple(trials), world.network.markets, settings, split, tuple(remarks))


def roomy(world: World, disruptions: Sequence[DisruptionDescription]) -> World:
    """The same world, whose pipeline has room for what any of some disruptions puts off.

    Raises:
        ConfigurationError: something befalls the world already, or the network has nothing of what an event strikes.
    """
    network = world.network
    if network.disruption is not None:
        raise ConfigurationError(
            f"disruption: {network.disruption.described.name!r} befalls the world already; "
            "allowed: a world that nothing befalls, to set beside it"
        )
    most = max(network.befallen_by(one, world.description).pipeline_days for one in disruptions)
    roomier = replace(network, pipeline_days=most)
    kind = world.parameters
    parameters = TwinParameters.from_arrays(roomier, dtype=kind.dtype, device=kind.device)
    return replace(world, network=roomier, parameters=parameters)


@dataclass(frozen=True)
class _Struck:
    """Scenarios with and without a disruption, and when it lasts in each episode."""

    with_it: Scenario
    without: Scenario
    start: Integers  # [E] of the days that count
    end: Integers
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, world: World, disruption: DisruptionDescription, settings: ResilienceSettings, split: Split) -> _Struck:
        starts = settings.warm_up_days + settings.before_days
        moved = disruption.started_on(starts)
        struck = world.network.befallen_by(moved, world.description)
        streams = Streams(settings.seed, split)
        first_day = world.demand.first_days(settings.episodes, streams.of("first_day"))
        remarks = list(struck.disruption.remarks) if struck.disruption is not None else []
        if moved.dated:
            first_day = _before_its_date(moved, first_day, starts)
            remarks.append("episodes begin so that its date falls on the day on which others start")
        elif any(event.rate_per_year is not None for event in disruption.events.values()):
            remarks.append("comes by chance: here once, on a set day")
        ahead = starts + DAYS_AHEAD
        most = max(_last_day(event, first_day, ahead) for event in moved.events.values())
        days = most + settings.after_days
        remarks += [
            f"{name}: comes once; its other dates in an episode are left out"
            for name, event in moved.events.items()
            if _comes_again(event, first_day, days + struck.pipeline_days)
        ]
        stretch = Stretch(struck, world.demand, split, first_day, days)
        lasts = _felt(struck, happening_days(stretch, streams))
        start, end = lasts.argmax(axis=1), days - lasts[:, ::-1].argmax(axis=1)
        if not lasts.any(axis=1).all():
            raise ConfigurationError(f"disruption {disruption.name}: doesn't come within {days} days of every episode")

        def scenario(network: NetworkArrays) -> Scenario:
            kind = world.parameters
            return draw_scenario(
                network,
                world.demand,
                episodes=settings.episodes,
                days=days,
                split=split,
                seed=settings.seed,
                first_day=first_day,
                dtype=kind.dtype,
                device=kind.device,
            )

        warm_up = settings.warm_up_days
        return cls(scenario(struck), scenario(world.network), start - warm_up, end - warm_up, tuple(remarks))


def _before_its_date(disruption: DisruptionDescription, first_day: Integers, starts: int) -> Integers:
    """[E] first days such that the event that comes first falls on a day of the episode.

    Of each event the nearest date counts; that event is the first after which all others come soonest, so that one
    whose date of the year before is nearer doesn't come a year ahead of the others.
    """
    of_events = [
        event.calendar_days(first_day, starts + DAYS_AHEAD) + event.offset_days
        for event in disruption.events.values()
        if event.dates
    ]
    nearest = []
    for dates in of_events:
        place = np.abs(dates - first_day[:, None] - starts).argmin(axis=1)
        nearest.append(np.take_along_axis(dates, place[:, None], axis=1)[:, 0])
    lasts = [np.max([first_from(day, dates) - day for dates in of_events], axis=0) for day in nearest]
    first = np.argmin(lasts, axis=0)
    return np.asarray(np.take_along_axis(np.stack(nearest), first[None], axis=0)[0] - starts)


def _last_day(event: When, first_day: Integers, ahead: int) -> int:
    """The first day after an event that comes once, at the latest."""
    at, there = event.starts_in(first_day, ahead, np.random.default_rng(0))
    return int(at[there].max()) + event.days.most


def _comes_again(event: When, first_day: Integers, days: int) -> bool:
    """Whether an event that comes once has other dates that would be felt within some days."""
    at, there = event.starts_in(first_day, days, np.random.default_rng(0))
    return bool((~there & (at > -event.days.most) & (at < days)).any())


def _felt(struck: NetworkArrays, lasts: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """[E, T] whether any event lasts that does more than change prices; any at all where there is none such."""
    assert struck.disruption is not None
    felt = [event.name for event in struck.disruption.events if event.effect.touches != ("price_factor",)]
    return np.asarray(np.any([lasts[name] for name in felt or lasts], axis=0))


def _lived(world: World, policy: Policy, scenario: Scenario, settings: ResilienceSettings, done: Done) -> Service:
    """A policy's days of a scenario that count, in whole units; it warms up its own network first."""
    simulation: Simulation = world.simulation()
    opening = stocked(simulation, episodes=scenario.episodes)
    settlement = Settlement.start(world.parameters, opening.state)
    usd = torch.zeros(scenario.episodes, dtype=torch.float64, device=world.parameters.device)
    demand, on_the_day, lost = [], [], []

    def watch(lived: Lived) -> None:
        nonlocal settlement, usd
        done(scenario.episodes)
        if lived.number < settings.warm_up_days:
            settlement = Settlement.start(world.parameters, lived.state)
            return
        flows = lived.flows
        settlement = settlement.add(flows, lived.costs)
        usd = usd + lived.costs.total.double().sum(dim=1)
        demand.append(_by_market(flows.demand))
        on_the_day.append(_by_market(flows.served.sum(dim=0) - flows.served_backlog))
        lost.append(_by_market(flows.lost))

    policy.begin(scenario.episodes)
    end = roll_out(simulation, opening, scenario, policy, watch=watch)
    return Service(
        demand=np.stack(demand, axis=1),
        on_the_day=np.stack(on_the_day, axis=1),
        lost=np.stack(lost, axis=1).sum(axis=(1, 2)),
        settled_usd=(usd + settlement.usd(end.state)).cpu().numpy().astype(np.float64),
    )


def _by_market(units: torch.Tensor) -> Floats:
    """[E, M] of [E, M, S]."""
    return units.double().sum(dim=-1).cpu().numpy()


def _counted(progress: Progress | None, name: str, total: int) -> Done:
    so_far = 0

    def done(more: int) -> None:
        nonlocal so_far
        so_far += more
        if progress is not None:
            progress(name, so_far, total)

    return done
