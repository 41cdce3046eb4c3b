"""What kreen's nodes order of each other in the twin, day by day, as transfers."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from entrepot.agents.planners.transfers import Transfer
from entrepot.envs.demand import Split
from entrepot.envs.network.assortment import assortment_of
from entrepot.envs.network.routes import Goods
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.snapshot import calendar
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import build_world

SEED = 0
WARM_UP_DAYS = 90
DAYS = 91
SKUS = 32
LATEST = 10**7
"""Of days: practice says by when each is due."""


def needs(*, episodes: int) -> Iterator[list[Transfer]]:
    """Of each episode: units ordered up to the usual cover on lanes between nodes, joined by day, origin, destination.

    A day is worth the capital that is tied up, at the network's share a year.
    """
    world = build_world("kreen", skus=SKUS)
    names, described = world.network, world.description
    goods = assortment_of(described)
    lanes = [index for index, lane in enumerate(described.lanes) if lane.origin in described.nodes]
    ordered: list[tuple[int, torch.Tensor]] = []  # the day, [B, L, S]
    scenario = draw_scenario(
        names, world.demand, episodes=episodes, days=WARM_UP_DAYS + DAYS, split=Split.TEST, seed=SEED
    )

    def remember(lived: Lived) -> None:
        if lived.number >= WARM_UP_DAYS:
            ordered.append((lived.number, lived.flows.ordered[:, lanes].clone()))

    simulation = world.simulation()
    with torch.no_grad():
        opening = stocked(simulation, episodes=episodes)
        simulation.run(opening, scenario, base_cover_rule(world.attributes), watch=remember)
    for episode in range(episodes):
        first = int(scenario.first_day[episode])
        found = []
        for number, units in ordered:
            volume, mass, value = (
                units[episode].numpy() @ each for each in (goods.volume_m3, goods.weight_kg, goods.unit_value_usd)
            )
            for index, lane in enumerate(lanes):
                if volume[index] > 0:
                    way, day = described.lanes[lane], calendar.EPOCH + first + number
                    usd_per_day = float(value[index]) * described.capital_share_per_year / 365
                    size = Goods(float(volume[index]), float(mass[index]))
                    name = f"{way.name} {number}"
                    found.append(Transfer(name, way.origin, way.destination, size, day, LATEST, usd_per_day))
        yield found


def volumes(transfers: list[Transfer]) -> dict[tuple[str, str], float]:
    """m³ by origin and destination."""
    found: dict[tuple[str, str], float] = {}
    for one in transfers:
        ends = one.origin, one.destination
        found[ends] = found.get(ends, 0.0) + one.goods.m3
    return dict(sorted(found.items(), key=lambda item: -item[1]))
