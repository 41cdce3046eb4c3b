"""Every policy that has a name, the neural one with each of its heads, and modules as they ship."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from entrepot.agents.inference.loading import latest_version
from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.agents.neural.heads import head_names
from entrepot.agents.policy import Policy
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.observe.exact import Exact
from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived, Present
from entrepot.envs.twin import Day, Scenario, State
from entrepot.envs.world import World
from entrepot.training.base_stock.file import TunedRule, save_rule
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.evaluation.evaluate import Drawn, ScenarioSolver
from entrepot.training.experiment import BaseStockSettings, EvaluationSettings
from entrepot.training.policies import build_policies, policy_names, released_folder
from tests.reachable import reachable
from tests.worlds.runs import WINDOWS
from tests.worlds.tiny import tiny_scenario, tiny_world

EPISODES, DAYS = 3, 9
Make = Callable[[World, Tuning], Policy | ScenarioSolver]
Seen = list[tuple[Snapshot, Tensor]]
"""Each day's snapshot and the orders that it led to."""


def named(name: str, world: World, tuning: Tuning) -> Policy | ScenarioSolver:
    (policy,) = build_policies([name], world, tuning).values()
    return policy


def neural(head: str, world: World, tuning: Tuning) -> Policy:
    torch.manual_seed(0)
    return ModuleAgent(NeuralPolicy(NeuralPolicySettings(cell_width=16, lane_width=8, head=head)), world.attributes)


def released() -> dict[str, Make]:
    """The latest version of each module that ships."""
    folders = sorted(folder for folder in released_folder().iterdir() if folder.is_dir() and latest_version(folder))
    return {f"released/{folder.name}": partial(named, str(folder)) for folder in folders}


SOLVERS = ("dual", "hindsight", "hindsight_joint")
"""Plan whole scenarios that they are handed, and decide on no day; every other name is a policy."""
POLICIES: dict[str, Make] = {
    **{name: partial(named, name) for name in policy_names() if name not in SOLVERS},
    **{f"neural/{head}": partial(neural, head) for head in head_names()},
    **released(),
}


@pytest.fixture(scope="module")
def world() -> World:
    """Some of its lanes don't carry every SKU."""
    world = tiny_world("kreen", 2)
    assert (world.attributes.lane_carries < 0.5).any()
    return world


@pytest.fixture(scope="module")
def scenario(world: World) -> Scenario:
    """Some days on which lanes are closed."""
    scenario = tiny_scenario(world, episodes=EPISODES, days=DAYS)
    generator = torch.Generator().manual_seed(0)
    opened = (torch.rand(scenario.lane_open.shape, generator=generator) > 0.3).float()
    return replace(scenario, lane_open=opened)


@pytest.fixture(scope="module")
def tuning(world: World, tmp_path_factory: pytest.TempPathFactory) -> Tuning:
    """The textbook's covers stand for tuned ones; other rules are tuned in a step."""
    path = tmp_path_factory.mktemp("tuned") / "base_stock.json"
    save_rule(TunedRule.of_covers(world.attributes.base_cover_days, 0, 0, 0.0), world.network, path)
    settings = BaseStockSettings(path=str(path), iterations=1)
    return Tuning(settings, windows=WINDOWS, folder=path.parent, processes=1)


@pytest.fixture(scope="module", params=POLICIES)
def policy(request: pytest.FixtureRequest, world: World, tuning: Tuning) -> Policy:
    found = POLICIES[request.param](world, tuning)
    assert not isinstance(found, ScenarioSolver), f"{request.param} belongs into SOLVERS"
    return found


def lived(policy: Policy, world: World, scenario: Scenario) -> Seen:
    """What a policy was shown and ordered from the first day on."""
    seen: Seen = []

    def decide(snapshot: Snapshot) -> Decisions:
        shown = snapshot.mapped(torch.clone)
        decisions = policy.decide(snapshot)
        for field in fields(Snapshot):
            before, after = getattr(shown, field.name), getattr(snapshot, field.name)
            assert before is after is None or torch.equal(before, after), f"{field.name} was written to"
        seen.append((shown, decisions.orders.clone()))
        return decisions

    simulation = world.simulation()
    opening = stocked(simulation, episodes=scenario.episodes)
    low = replace(opening, state=replace(opening.state, on_hand=torch.floor(0.3 * opening.state.on_hand)))
    policy.begin(scenario.episodes)
    with torch.no_grad():
        simulation.run(low, scenario, decide, reads=policy.reads)
    return seen


@pytest.fixture(scope="module")
def days(policy: Policy, world: World, scenario: Scenario) -> Seen:
    return lived(policy, world, scenario)


def replayed(policy: Policy, snapshots: Sequence[Snapshot], episodes: int) -> list[Tensor]:
    policy.begin(episodes)
    with torch.no_grad():
        return [policy.decide(snapshot).orders for snapshot in snapshots]


def test_orders_are_finite_not_negative_and_by_environment_lane_and_sku(days: Seen, world: World) -> None:
    for _, orders in days:
        assert tuple(orders.shape) == (EPISODES, world.parameters.lanes, world.parameters.skus)
        assert orders.dtype == torch.float32
        assert orders.isfinite().all()
        assert (orders >= 0).all()
    assert sum(float(orders.sum()) for _, orders in days) > 0


def test_nothing_is_ordered_on_lanes_that_do_not_depart_are_closed_or_do_not_carry_the_sku(
    days: Seen, world: World
) -> None:
    for snapshot, orders in days:
        stays = (snapshot.lane_wait_days >= 0.5) | (snapshot.lane_open <= 0)
        assert (orders[stays] == 0).all()
        assert (orders[:, world.attributes.lane_carries < 0.5] == 0).all()


def test_after_begin_the_same_days_lead_to_the_same_bits(policy: Policy, days: Seen) -> None:
    again = replayed(policy, [snapshot for snapshot, _ in days], EPISODES)
    for number, (orders, (_, before)) in enumerate(zip(again, days, strict=True)):
        assert torch.equal(orders, before), f"on day {number}"


def test_a_batch_decides_as_its_environments_do_alone(policy: Policy, days: Seen) -> None:
    for episode in range(EPISODES):
        alone = [snapshot.episodes_at(slice(episode, episode + 1)) for snapshot, _ in days]
        for orders, (_, together) in zip(replayed(policy, alone, 1), days, strict=True):
            torch.testing.assert_close(orders[0], together[episode], rtol=1e-4, atol=1e-3)


def test_it_keeps_no_state_of_the_world_and_no_day(policy: Policy, days: Seen) -> None:
    assert not [part for part in reachable(policy) if isinstance(part, State | Present | Day | Scenario)]


class OnlyTheOpening(Exact):
    """Shows on all days what there was at the beginning, whatever the world has come to."""

    def __init__(self, world: World, opening: State) -> None:
        super().__init__(world.parameters, world.attributes)
        self._opening = opening

    def observe(
        self,
        memory: Knowledge,
        state: State,
        day: Day,
        reads: frozenset[Costly] = NOTHING_COSTLY,
        *,
        lent: bool = False,
    ) -> Snapshot:
        return super().observe(self.begin(self._opening), self._opening, day, reads, lent=lent)


def test_worlds_that_look_the_same_lead_to_the_same_orders(policy: Policy, world: World, scenario: Scenario) -> None:
    """Nothing is learnt of stock, goods on their way, sales or delays but from the observation model."""
    begun = stocked(world.simulation(), episodes=EPISODES).state
    model = OnlyTheOpening(world, begun)
    simulation = replace(world.simulation(), model=model)
    other = replace(scenario, demand=3 * scenario.demand + 1, delay_days=scenario.delay_days + 2)
    empty = replace(begun, on_hand=torch.zeros_like(begun.on_hand), dock=begun.dock + 5)
    orders: list[list[Tensor]] = []
    for state, days in ((begun, scenario), (empty, other)):
        past: list[Lived] = []
        policy.begin(EPISODES)
        with torch.no_grad():
            opening = simulation.begin(replace(state, pipeline=state.pipeline.clone()))
            simulation.run(opening, days, policy.decide, reads=policy.reads, watch=past.append)
        orders.append([day.decisions.orders for day in past])
    assert all(torch.equal(one, two) for one, two in zip(*orders, strict=True))


@pytest.mark.parametrize("name", SOLVERS)
def test_who_solves_scenarios_has_finite_figures_of_every_episode_and_finds_them_again(
    name: str, world: World, scenario: Scenario, tuning: Tuning
) -> None:
    solver = named(name, world, tuning)
    assert isinstance(solver, ScenarioSolver)
    short = scenario.window(0, 6)
    counted = EvaluationSettings(episodes=EPISODES, days=4, warm_up_days=2)
    told: list[int] = []
    first = solver.figures(world, Drawn(short, Split.TEST), counted, told.append)
    again = solver.figures(world, Drawn(short, Split.TEST), counted, told.append)
    assert sum(told) == 2 * EPISODES * short.days
    for figure, values in first.by_episode.items():
        assert values.shape == (EPISODES,), figure
        assert np.isfinite(values).all(), figure
        np.testing.assert_array_equal(values, again.by_episode[figure], err_msg=figure)
