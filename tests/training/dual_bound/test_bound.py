"""A bound that doesn't know the future, on a textbook instance whose optimum is known."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from entrepot.agents.planners.hindsight import hindsight_program
from entrepot.agents.planners.instance import Instance, Opening, PlannedNetwork, days_of
from entrepot.agents.planners.solve import solve
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock
from entrepot.agents.value_iteration import lost_sales_optimum, poisson_probabilities
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.reading import NOTHING_COSTLY
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked, stocked_state
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.dual_bound.bound import DualBound
from entrepot.training.dual_bound.futures import Futures
from entrepot.training.dual_bound.path import Path as PolicyPath
from entrepot.training.dual_bound.penalty import Effort, penalties, settled_beforehand
from entrepot.training.dual_bound.worth import Worth
from entrepot.training.evaluation.evaluate import Evaluation, ScenarioSolver, evaluate
from entrepot.training.evaluation.hindsight import Hindsight, instances_of
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.policies import build_policies
from tests.worlds.tiny import tiny_scenario, tiny_world

LEAD_DAYS, PENALTY, MEAN = 1, 4, 5
WARM_UP_DAYS = 40


@dataclass(frozen=True)
class OrderUpTo:
    """A level of everything on hand and on its way."""

    level: float
    reads = NOTHING_COSTLY

    def begin(self, episodes: int) -> None:
        """Nothing is remembered."""

    def decide(self, snapshot: Snapshot) -> Decisions:
        position = snapshot.on_hand + snapshot.dock + snapshot.in_transit
        return Decisions((self.level - position).clamp(min=0.0))


@pytest.fixture(scope="module")
def store() -> World:
    name = f"classic/lost_sales_lead_{LEAD_DAYS}_penalty_{PENALTY}"
    return build_world(name, DemandSettings(name=f"classic/poisson_{MEAN}"))


def drawn(world: World, settings: EvaluationSettings) -> Scenario:
    days = settings.warm_up_days + settings.days
    return draw_scenario(
        world.network, world.demand, episodes=settings.episodes, days=days, split=Split.TEST, seed=settings.seed
    )


def usd_where_shipped(instance: Instance, shipped: Tensor) -> float:
    """What the cheapest plan costs that ships just so many units."""
    program, flows = hindsight_program(instance, whole_units=False, settled=True)
    rows = program.rows(flows.ship.shape, lower=shipped.double().numpy(), upper=shipped.double().numpy())
    program.add(rows, flows.ship)
    return solve(program).usd


def test_a_units_worth_is_the_slope_of_the_programs_cost_along_the_path(store: World) -> None:
    settings = EvaluationSettings(episodes=2, days=10, warm_up_days=WARM_UP_DAYS, seed=3)
    scenario, simulation, policy = drawn(store, settings), store.simulation(whole_units=False), OrderUpTo(9.7)
    # Fractions, so that nowhere just all of a unit is sold, where a slope to the left is none to the right.
    noise = torch.rand(scenario.demand.shape, generator=torch.Generator().manual_seed(0))
    scenario = replace(scenario, demand=Scenario.axes()["demand"].laid_out(scenario.demand + noise))
    path = PolicyPath.of(simulation, scenario, policy, warm_up_days=WARM_UP_DAYS)
    days = scenario.window(WARM_UP_DAYS, settings.days)
    known = Opening.of(path.presents[0].state, 0, settings.days)
    instance = days_of(PlannedNetwork.of(store.parameters), known, days, 0, whole_units=False)
    cost = usd_where_shipped(instance, path.shipped[0])
    slopes, worths = [], []
    for day in range(settings.days - 1):
        more = path.shipped[0].clone()
        more[day] += 2.0**-6
        slopes.append((usd_where_shipped(instance, more) - cost) * 2.0**6)
        rest, _ = Worth.around(
            simulation, path.presents[day + 1], days, policy, first=day + 1, days=settings.days - day - 1
        )
        to_go = torch.as_tensor(instance.arrival[None, day] - (day + 1)).expand(2, -1)
        lane = store.parameters.lane
        worths.append(float(rest.of_lanes(lane.destination, lane.from_node, to_go)[0]))
    assert len({round(slope) for slope in slopes}) > 3
    assert worths == pytest.approx(slopes, abs=1e-3)


def test_what_a_policy_is_charged_on_its_own_path_is_nothing_on_average(store: World) -> None:
    settings = EvaluationSettings(episodes=48, days=12, warm_up_days=WARM_UP_DAYS, seed=5)
    scenario = drawn(store, settings)
    futures = Futures(store.network, store.demand, scenario, split=Split.TEST, seed=5, drawn=48, first=0)
    found = penalties(
        store.simulation(whole_units=False),
        futures,
        scenario,
        OrderUpTo(10.0),
        list(instances_of(store, scenario, settings)),
        Effort(copies=4, look_ahead_days=8),
        done=lambda days: None,
    )
    paid = np.array([penalty.on_path_usd for penalty in found])
    assert paid.std() > 1
    assert abs(paid.mean()) < 2.5 * paid.std() / len(paid) ** 0.5


@pytest.fixture(scope="module")
def judged(store: World) -> Evaluation:
    policy = OrderUpTo(11.0)
    policies: dict[str, Policy | ScenarioSolver] = {"order_up_to": policy, "hindsight": Hindsight(processes=1)}
    dual = DualBound(policy, "order_up_to", processes=1, learnt_on=60)
    settings = EvaluationSettings(episodes=8, days=20, warm_up_days=WARM_UP_DAYS, seed=1)
    with torch.inference_mode():
        return evaluate(store, {**policies, "dual": dual}, settings)


def test_the_dual_bound_is_above_hindsight_and_not_above_the_optimum_beyond_its_interval(judged: Evaluation) -> None:
    optimum = lost_sales_optimum(
        poisson_probabilities(MEAN, 30), LEAD_DAYS, holding=1, penalty=PENALTY, most_on_hand=30, largest_order=14
    ).cost
    rows = {row["policy"]: row for row in judged.rows()}
    dual, hindsight = rows["dual"], rows["hindsight"]
    assert dual["settled_cost_usd_per_day_low"] < optimum
    assert dual["settled_cost_usd_per_day"] > 0.4 * optimum > 3 * hindsight["settled_cost_usd_per_day"]


def test_each_policys_gap_to_the_dual_bound_is_told_with_its_interval(judged: Evaluation) -> None:
    row = {row["policy"]: row for row in judged.rows()}["order_up_to"]
    bound = judged.by_episode["dual"]["settled_cost_usd_per_day"].mean()
    assert row["above_dual_usd_per_day"] == pytest.approx(row["settled_cost_usd_per_day"] - bound)
    assert 0 < row["above_dual_share_low"] < row["above_dual_share"] < row["above_dual_share_high"]
    assert "along the path of order_up_to over chances of demand" in judged.effort["dual"]


def test_demand_that_nobody_knows_how_to_continue_is_refused(store: World) -> None:
    class Once:
        summary = "a single past"

    scenario = drawn(store, EvaluationSettings(episodes=2, days=3, warm_up_days=0))
    with pytest.raises(ConfigurationError, match=r"'dual'.*'a single past'.*allowed with demand that is generated"):
        Futures(store.network, Once(), scenario, split=Split.TEST, seed=0, drawn=2, first=0)  # type: ignore[arg-type]


def test_a_network_with_several_lanes_and_skus_has_a_finite_bound_below_what_its_policy_costs() -> None:
    world = tiny_world()
    settings = EvaluationSettings(episodes=3, days=8, warm_up_days=8, seed=2)
    rule = BaseStock.midway(world.attributes, world.attributes.base_cover_days)
    policies: dict[str, Policy | ScenarioSolver] = {
        "base_stock": rule,
        "dual": DualBound(rule, "base_stock", 3, 6, processes=1),
    }
    judged = evaluate(world, policies, settings)
    by_episode = judged.by_episode
    cost, bound = (by_episode[name]["settled_cost_usd_per_day"] for name in policies)
    assert np.isfinite(bound).all()
    assert bound.mean() < cost.mean()
    assert "over 3 futures from each day, " in judged.effort["dual"]


def test_demand_that_events_change_is_refused_before_anything_is_tuned(tmp_path: Path) -> None:
    world = build_world("kreen", skus=2, disruption="prime_day")
    with pytest.raises(ConfigurationError, match=r"'dual'; event '.*' of the disruption changes demand.*allowed: hind"):
        build_policies(["dual"], world, Tuning(folder=tmp_path))
    assert not list(tmp_path.iterdir())


def limited_world() -> World:
    """Centres that are full, so that what they take is what the day's customers made room for."""
    world = tiny_world("kreen_fba", skus=2)
    inbound = world.parameters.inbound
    assert inbound is not None
    state = stocked_state(world.parameters, world.attributes, episodes=1)
    held = ((state.on_hand + state.dock + state.in_transit)[0] @ world.parameters.sku.volume_m3)[inbound.node]
    full = replace(inbound, limit_m3=held[:, None].expand_as(inbound.limit_m3).clone())
    return replace(world, parameters=replace(world.parameters, inbound=full))


@pytest.mark.parametrize("world", [tiny_world(), limited_world()], ids=["transfers", "centres with a limit"])
def test_lanes_are_charged_beforehand_only_if_shipments_do_not_hang_on_the_days_demand(world: World) -> None:
    scenario = tiny_scenario(world, episodes=1, days=1).episodes_at(torch.zeros(24, dtype=torch.long))
    noise = torch.rand(scenario.demand.shape, generator=torch.Generator().manual_seed(0))
    scenario = replace(scenario, demand=Scenario.axes()["demand"].laid_out(100 * noise * (scenario.demand + 1)))
    simulation, shipped = world.simulation(whole_units=False), list[Tensor]()

    def decide(snapshot: Snapshot) -> Decisions:
        return Decisions(torch.full_like(snapshot.due, 1e3))

    simulation.run(
        stocked(simulation, episodes=24),
        scenario,
        decide,
        reads=NOTHING_COSTLY,
        days=1,
        watch=lambda lived: shipped.append(lived.flows.shipped.clone()),
    )
    units = shipped[0]  # [24, L, S] of the same state and orders, and other demand
    hangs = (units.amax(dim=0) - units.amin(dim=0)).amax(dim=-1) > 1e-3
    settled = settled_beforehand(world.parameters)
    assert settled.any()
    assert hangs.any()
    assert not (hangs & settled).any()


def test_lanes_that_start_at_a_node_are_charged_nothing_on_average() -> None:
    world = tiny_world()
    settings = EvaluationSettings(episodes=48, days=8, warm_up_days=30, seed=5)
    scenario = drawn(world, settings)
    found = penalties(
        world.simulation(whole_units=False),
        Futures(world.network, world.demand, scenario, split=Split.TEST, seed=5, drawn=48, first=0),
        scenario,
        BaseStock.midway(world.attributes, world.attributes.base_cover_days),
        list(instances_of(world, scenario, settings)),
        Effort(copies=2, look_ahead_days=8),
        done=lambda days: None,
    )
    hangs = ~settled_beforehand(world.parameters).numpy()
    paid = np.array([(penalty.charges.ship * penalty.path.ship)[:, hangs].sum() for penalty in found])
    assert paid.std() > 0
    assert abs(paid.mean()) < 2.5 * paid.std() / len(paid) ** 0.5
