"""Stores that stand alone: worths by the chances of demand, what they charge, and the bound that follows."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from entrepot.agents.planners.charges import prices
from entrepot.agents.planners.hindsight import hindsight_plan
from entrepot.agents.planners.instance import Instance
from entrepot.agents.policy import Policy
from entrepot.agents.value_iteration import lost_sales_optimum, poisson_probabilities
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.dual_bound.bound import DualBound
from entrepot.training.dual_bound.path import Path as PolicyPath
from entrepot.training.dual_bound.store_worth import REACH, Floats, Grid, Worths, taken
from entrepot.training.dual_bound.stores import Store, stand_alone
from entrepot.training.evaluation.evaluate import ScenarioSolver, evaluate
from entrepot.training.evaluation.hindsight import instances_of
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.policies import build_policies
from tests.training.dual_bound.test_bound import OrderUpTo
from tests.worlds.tiny import tiny_world

DAYS, WARM_UP_DAYS = 8, 40


def store_world(lead_days: int) -> World:
    return build_world(f"classic/lost_sales_lead_{lead_days}_penalty_9", DemandSettings(name="classic/poisson_5"))


def lived(world: World, level: float, episodes: int, seed: int) -> tuple[Store, list[Instance]]:
    settings = EvaluationSettings(episodes=episodes, days=DAYS, warm_up_days=WARM_UP_DAYS, seed=seed)
    scenario = draw_scenario(
        world.network, world.demand, episodes=episodes, days=WARM_UP_DAYS + DAYS, split=Split.TRAIN, seed=seed
    )
    instances = list(instances_of(world, scenario, settings))
    path = PolicyPath.of(world.simulation(whole_units=False), scenario, OrderUpTo(level), warm_up_days=WARM_UP_DAYS)
    return Store.along(path, instances, 0, 0), instances


def chances(most: int = 40) -> Floats:
    return np.asarray(poisson_probabilities(5, most))


def some(store: Store, episodes: list[int]) -> Store:
    cut: dict[str, Any] = {field.name: getattr(store, field.name)[episodes] for field in fields(store)}
    return replace(store, **cut)


@pytest.fixture(scope="module", params=[1, 2], ids=["a day away", "two days away"])
def learnt(request: pytest.FixtureRequest) -> tuple[Store, Worths]:
    store, _ = lived(store_world(request.param), 12.0 + 4 * (request.param - 1), 30, seed=3)
    return store, Worths(store, Grid.over(store), chances())


def again(store: Store, learnt: Worths) -> Worths:
    return Worths(store, learnt.grid, learnt.chances, learnt.fitted, fits=False)


def told(worths: Worths, day: int) -> Floats:
    """[E, 1 + T] what a day's demand told of a unit that is present, and of those on their way."""
    on_its_way = worths.on_its_way[:, day].copy()
    on_its_way[:, day + 1 :] -= worths.on_its_way[:, day + 1, day + 1 :]
    return np.concatenate([worths.stock[:, day, None], on_its_way], axis=1)


def test_a_charge_is_0_in_expectation_over_the_days_demand(learnt: tuple[Store, Worths]) -> None:
    store, worths = learnt
    every = some(store, [7] * len(worths.chances))
    demand = every.demand.copy()
    demand[:, 5] = np.arange(len(demand))
    charged = told(again(replace(every, demand=demand), worths), 5)
    assert np.abs(charged).max() > 1
    np.testing.assert_allclose(worths.chances @ charged, 0.0, atol=1e-9)


def test_what_a_days_demand_is_charged_for_hangs_on_nothing_that_comes_later(learnt: tuple[Store, Worths]) -> None:
    store, worths = learnt
    one, other = some(store, [7]), some(store, [8])
    later: dict[str, Any] = {
        name: np.concatenate([getattr(one, name)[:, :6], getattr(other, name)[:, 6:]], axis=1)
        for name in ("present", "before", "coming", "tomorrow", "sent", "demand")
    }
    spliced = replace(one, **later)
    assert not np.allclose(spliced.present, one.present)
    np.testing.assert_allclose(told(again(spliced, worths), 5), told(again(one, worths), 5), atol=1e-12)


def test_slopes_are_blended_until_another_unit_was_worth_its_price_when_it_was_ordered() -> None:
    store, _ = lived(store_world(1), 14.0, 60, seed=3)
    worths = Worths(store, Grid.over(store), chances())
    day = 3
    share, parts = worths.share[:, day + 1], worths.fitted[day + 1, day + 1]
    units = np.arange(len(worths.chances))
    left = (store.present[:, day, None] - units).clip(min=0.0) + store.tomorrow[:, day, None]
    expected = np.einsum("d,edf->ef", worths.chances, worths.grid.at(left, left))
    worth = np.einsum("ke,ke->e", taken(share), parts @ expected.T)
    blended = (share != 0) & (np.abs(share) < REACH) & (worths.ordered[:, day + 1] == day)
    assert blended.sum() > 5
    np.testing.assert_allclose(worth[blended], 0.0, atol=1e-9)  # a unit's price is 0


def test_the_bound_of_a_store_is_close_to_the_optimum_and_not_above_it_beyond_its_interval() -> None:
    world = store_world(1)
    optimum = lost_sales_optimum(
        poisson_probabilities(5, 30), 1, holding=1, penalty=9, most_on_hand=30, largest_order=14
    ).cost
    dual = DualBound(OrderUpTo(14.0), "order_up_to", processes=1, learnt_on=80)
    policies: dict[str, Policy | ScenarioSolver] = {"order_up_to": OrderUpTo(14.0), "dual": dual}
    with torch.inference_mode():
        judged = evaluate(world, policies, EvaluationSettings(episodes=6, days=20, warm_up_days=40, seed=1))
    policy, bound = judged.rows()
    assert bound["settled_cost_usd_per_day_low"] < optimum
    assert 0 < policy["above_dual_usd_per_day"] < 0.15 * optimum
    assert "over chances of demand (80 training scenarios" in dual.effort


def test_only_stores_that_nothing_is_shared_with_stand_alone() -> None:
    assert stand_alone(store_world(2))
    assert not stand_alone(tiny_world())
    assert not stand_alone(build_world("classic/one_warehouse_2_stores", DemandSettings(name="classic/poisson_2")))


def test_where_goods_can_be_lost_the_dual_bound_is_refused_before_anything_is_tuned(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'dual'; goods expire, and charges on what is lost.*allowed: hind"):
        build_policies(["dual"], build_world("cold_chain"), Tuning(folder=tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_plan_leaves_no_more_than_it_may() -> None:
    _, instances = lived(store_world(1), 14.0, 2, seed=3)
    charges = prices(instances[0])[0].times(0.0)
    charges.on_hand[:] = -2.0  # more than a unit costs to keep
    plan = hindsight_plan(instances[0], charges, most_left=np.array([[7.0]]))
    np.testing.assert_allclose(plan.on_hand, 7.0)
