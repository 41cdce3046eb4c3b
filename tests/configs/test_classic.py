"""The classic networks are the textbooks' systems: the optimal policy costs in the twin what the textbook says."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from entrepot.agents.policy import Policy
from entrepot.agents.value_iteration import (
    dual_sourcing_optimum,
    lost_sales_optimum,
    one_warehouse_optimum,
    poisson_probabilities,
)
from entrepot.configs.loader import available
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.rollout import roll_out

EPISODES, DAYS, WARM_UP_DAYS = 512, 200, 140
DEVIATIONS = 3.5
"""A correct mapping is refused once in 2,000 runs; the seed is fixed, so that it is once and for all."""


def classic(network: str, demand: str) -> World:
    return build_world(f"classic/{network}", DemandSettings(name=f"classic/{demand}"))


def assert_costs(world: World, policy: Policy, expected: float, *, widest: float = 0.02) -> None:
    """The mean lies within the sampling error, and that error is small enough to mean something."""
    scenario = draw_scenario(
        world.network, world.demand, episodes=EPISODES, days=WARM_UP_DAYS + DAYS, split=Split.TEST, seed=1
    )
    total = torch.zeros(EPISODES, dtype=torch.float64)

    def watch(lived: Lived) -> None:
        if lived.number >= WARM_UP_DAYS:
            total.add_(lived.costs.total.sum(dim=-1))

    simulation = world.simulation()
    roll_out(simulation, stocked(simulation, episodes=EPISODES), scenario, policy, watch=watch)
    by_episode = total / DAYS
    error = float(by_episode.std()) / math.sqrt(EPISODES)
    assert DEVIATIONS * error < widest * expected
    assert float(by_episode.mean()) == pytest.approx(expected, abs=DEVIATIONS * error)


class Tabular:
    """Looks actions up by what the places hold today and what arrives there later."""

    reads = frozenset({Costly.PIPELINE})

    def __init__(self, actions: np.ndarray) -> None:
        self.actions = torch.as_tensor(actions)

    def begin(self, episodes: int) -> None:
        pass

    def found(self, *index: Tensor) -> Tensor:
        sizes = self.actions.shape
        whole = [part.to(torch.int64).clamp(max=size - 1) for part, size in zip(index, sizes, strict=True)]
        return self.actions[tuple(whole)]


class LostSales(Tabular):
    def decide(self, snapshot: Snapshot) -> Decisions:
        coming = snapshot.pipeline[:, 0, 0]
        on_hand = snapshot.on_hand[:, 0, 0] + coming[:, 0]
        later = [coming[:, days] for days in range(1, self.actions.ndim)]
        return Decisions(self.found(on_hand, *later).float()[:, None, None])


@pytest.mark.parametrize(("lead_days", "penalty"), [(1, 39), (2, 9), (4, 4)])
def test_lost_sales_cost_what_value_iteration_says(lead_days: int, penalty: int) -> None:
    world = classic(f"lost_sales_lead_{lead_days}_penalty_{penalty}", "poisson_5")
    optimum = lost_sales_optimum(
        poisson_probabilities(5, 30), lead_days, holding=1, penalty=penalty, most_on_hand=44, largest_order=12
    )
    assert_costs(world, LostSales(optimum.actions), optimum.cost)


@dataclass(frozen=True)
class EchelonBaseStock:
    """Each stage orders up to a level of all that lies at it and below, less what customers wait for."""

    reads: ClassVar = NOTHING_COSTLY
    levels: tuple[float, ...]  # the most upstream stage first, as in the network

    def begin(self, episodes: int) -> None:
        pass

    def decide(self, snapshot: Snapshot) -> Decisions:
        stock = (snapshot.on_hand + snapshot.dock + snapshot.in_transit)[..., 0]
        below = stock.flip(1).cumsum(1).flip(1) - snapshot.backlog[:, 0]
        return Decisions((torch.tensor(self.levels) - below).clamp(min=0.0).unsqueeze(-1))


@pytest.mark.parametrize(
    ("network", "demand", "levels", "published"),
    [
        ("example_6_1", "normal_half_of_5", (22.71, 12.02, 6.49), 47.665),
        ("problem_6_1", "normal_half_of_100", (228.488, 123.939), 166.27),
        ("problem_6_16", "normal_20", (232.113, 171.062), 438.24),
        ("shang_song_1", "poisson_2", (22.0, 18.0, 13.0, 8.0), 12.687),
    ],
)
def test_published_echelon_levels_give_the_published_cost(
    network: str, demand: str, levels: tuple[float, ...], published: float
) -> None:
    world = classic(f"serial_{network}", demand)
    assert_costs(world, EchelonBaseStock(levels), published)


class DualSourcing(Tabular):
    LOW, HIGH, LARGEST_SLOW = -20, 30, 6

    def decide(self, snapshot: Snapshot) -> Decisions:
        coming = snapshot.pipeline[:, 0, 0]
        position = snapshot.on_hand[:, 0, 0] - snapshot.backlog[:, 0, 0] + coming[:, 0] + coming[:, 1]
        later = [coming[:, 1 + days] for days in range(1, self.actions.ndim)]
        action = self.found(position.clamp(self.LOW, self.HIGH) - self.LOW, *later)
        fast, slow = action // (self.LARGEST_SLOW + 1), action % (self.LARGEST_SLOW + 1)
        return Decisions(torch.stack([slow, fast], dim=1).float().unsqueeze(-1))


@pytest.mark.parametrize("difference_days", [2, 3])
def test_dual_sourcing_costs_what_value_iteration_says(difference_days: int) -> None:
    optimum = dual_sourcing_optimum(
        np.full(5, 0.2),
        1,
        difference_days,
        holding=5,
        penalty=495,
        premium=10,
        positions=(DualSourcing.LOW, DualSourcing.HIGH),
        largest_fast_order=10,
        largest_slow_order=DualSourcing.LARGEST_SLOW,
    )
    world = classic(f"dual_sourcing_difference_{difference_days}", "uniform_0_to_4")
    assert_costs(world, DualSourcing(optimum.actions), optimum.cost)


class OneWarehouse(Tabular):
    SHIPMENTS, ORDERS = 7, 13

    def decide(self, snapshot: Snapshot) -> Decisions:
        coming = snapshot.pipeline[:, :, 0]
        on_hand = snapshot.on_hand[..., 0] + coming[..., 0]
        action = self.found(on_hand[:, 0], coming[:, 0, 1], on_hand[:, 1], on_hand[:, 2])
        shipments, order = action // self.ORDERS, action % self.ORDERS
        orders = [order, shipments // self.SHIPMENTS, shipments % self.SHIPMENTS]
        return Decisions(torch.stack(orders, dim=1).float().unsqueeze(-1))


def test_one_warehouse_costs_what_value_iteration_says() -> None:
    optimum = one_warehouse_optimum(
        poisson_probabilities(2, 12),
        2,
        2,
        warehouse_holding=0.5,
        store_holding=1,
        penalty=9,
        most_at_warehouse=20,
        most_at_store=11,
        largest_shipment=OneWarehouse.SHIPMENTS - 1,
        largest_order=OneWarehouse.ORDERS - 1,
    )
    assert_costs(classic("one_warehouse_2_stores", "poisson_2"), OneWarehouse(optimum.actions), optimum.cost)


def test_every_classic_network_has_one_currency_a_unit_of_a_cubic_metre_and_no_capital_cost() -> None:
    names = [name for name in available("network") if name.startswith("classic/")]
    assert len(names) == 25
    for name in names:
        world = build_world(name, DemandSettings(name="classic/poisson_2"))
        assert world.network.capital_share_per_year == 0
        assert world.network.sku.volume_m3.tolist() == [1]
