"""One episode of a policy, shown day by day, and what it did to the stock of every SKU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from entrepot.agents.policy import Policy
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.rendering.scene import Scene, captioned
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World

MOST_SKUS, SHOWN = 8, 6
Floats = NDArray[np.float64]
Show = Callable[[Scene], None]
"""Told of each day that is to be drawn."""


@dataclass(frozen=True)
class Played:
    """What one episode came to."""

    first_day: int  # since 1970-01-01, of the days that count
    usd_per_day: Floats  # [T] of the whole network
    on_hand: Floats  # [T, N, S] units at each day's end
    in_transit: Floats  # [T, N, S] units on their way to the node
    demand: Floats  # [T, M, S] units asked for
    lost: Floats  # [T, M, S] units of those that found nothing and didn't wait

    @property
    def lost_share(self) -> float:
        """Of the units asked for; NaN if none were."""
        asked = float(self.demand.sum())
        return float(self.lost.sum()) / asked if asked else float("nan")


@torch.no_grad()
def play(
    world: World,
    policy: Policy,
    *,
    days: int,
    warm_up_days: int,
    seed: int,
    every: int = 1,
    split: Split = Split.TEST,
    show: Show,
) -> Played:
    """Run a policy through one episode, in whole units.

    Args:
        world: the network and its demand.
        policy: who decides; it warms up its own network first.
        days: that count.
        warm_up_days: before them.
        seed: of the scenario.
        every: so many days apart the scenes are that are shown; the first day's and the last one's always are.
        split: which part of the time line demand is drawn from.
        show: told of each scene, as the day begins.
    """
    scenario = draw_scenario(
        world.network,
        world.demand,
        episodes=1,
        days=warm_up_days + days + 1,
        split=split,
        seed=seed,
        device=world.parameters.device,
    )
    simulation = world.simulation()
    title = world.description.title or world.description.name
    first_day = int(scenario.first_day[0]) + warm_up_days
    lived: list[Lived] = []
    kept: list[tuple[float, Floats, Floats, Floats, Floats]] = []

    def seen(snapshot: Snapshot, number: int) -> None:
        day = number - warm_up_days
        if day >= 0 and (day % every == 0 or day == days):
            last = lived[-1] if day and lived else None
            usd = None if last is None else float(last.costs.total.sum())
            caption = captioned(title, first_day + day, day, days, usd)
            flows = None if last is None else last.flows
            show(Scene.of(caption, world.parameters, world.attributes, snapshot, flows))

    def decide(snapshot: Snapshot) -> Decisions:
        seen(snapshot, lived[-1].number + 1 if lived else 0)
        return policy.decide(snapshot)

    def watch(day: Lived) -> None:
        lived[:] = [day]
        if day.number >= warm_up_days:
            tensors = (day.state.on_hand, day.state.in_transit, day.flows.demand, day.flows.lost)
            on_hand, in_transit, demand, lost = (tensor[0].cpu().numpy().astype(np.float64) for tensor in tensors)
            kept.append((float(day.costs.total.sum()), on_hand, in_transit, demand, lost))

    policy.begin(1)
    end = simulation.run(
        stocked(simulation, episodes=1), scenario, decide, reads=policy.reads, days=warm_up_days + days, watch=watch
    )
    seen(simulation.observe(end, scenario.at(warm_up_days + days), policy.reads), warm_up_days + days)
    usd, *traces = zip(*kept, strict=True)
    on_hand, in_transit, demand, lost = (np.stack(trace) for trace in traces)
    return Played(first_day, np.array(usd), on_hand, in_transit, demand, lost)


def chosen_skus(wanted: str, world: World) -> list[str]:
    """SKUs by a comma-separated list of names, or so many of those that sell best.

    Raises:
        ConfigurationError: a name is no SKU of the network, or a number is out of range.
    """
    known = world.network.skus
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))
    if len(names) == 1 and names[0] not in known and names[0].isdecimal():
        count = int(names[0])
        if not 1 <= count <= MOST_SKUS:
            raise ConfigurationError(f"--plot-skus: {count}; allowed: 1 to {MOST_SKUS}, or names of SKUs")
        best = np.argsort(-np.asarray(world.demand.mean_units_per_day).sum(axis=0), kind="stable")
        return [known[place] for place in best[:count]]
    for name in names:
        if name not in known:
            some = ", ".join(known[:SHOWN]) + (", …" if len(known) > SHOWN else "")
            raise ConfigurationError(f"--plot-skus: {name!r}; allowed: {some}, or how many of the best-selling")
    if not 1 <= len(names) <= MOST_SKUS:
        raise ConfigurationError(f"--plot-skus: {len(names)} SKUs; allowed: 1 to {MOST_SKUS}")
    return names
