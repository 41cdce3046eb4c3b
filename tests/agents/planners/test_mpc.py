from dataclasses import replace

import numpy as np
import pytest
import torch

from entrepot.agents.planners.forecast import Forecaster
from entrepot.agents.planners.horizon import Horizon, PlanningSettings
from entrepot.agents.planners.mpc import ModelPredictive
from entrepot.agents.planners.rolling import LENGTHS, PERIODS, STARTS, period_of
from entrepot.envs.network.disruption.description import disruption_from
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked_state
from entrepot.envs.twin import Scenario, State, step
from entrepot.envs.world import World, build_world
from tests.worlds.tiny import shown, tiny_scenario

EPISODES = 3
SEA = 1


@pytest.fixture
def policy(world: World, forecaster: Forecaster) -> ModelPredictive:
    return ModelPredictive(world.parameters, world.attributes, forecaster)


def opened(world: World, scenario: Scenario, *, on_hand: float = 1.0) -> tuple[State, Snapshot]:
    state = stocked_state(world.parameters, world.attributes, episodes=scenario.episodes)
    state = replace(state, on_hand=torch.floor(on_hand * state.on_hand))
    return state, shown(world, state, scenario.at(0))


def test_periods_are_days_for_two_weeks_and_weeks_up_to_a_quarter() -> None:
    assert STARTS[:15].tolist() == list(range(15))
    assert LENGTHS.sum() == 91
    assert (np.diff(STARTS[14:]) == 7).all()


def test_what_arrives_in_a_week_counts_from_the_week_that_begins_nearest() -> None:
    assert period_of(np.array([0, 13, 14, 17, 18, 21, 24, 25])).tolist() == [0, 13, 14, 14, 15, 15, 15, 16]
    assert period_of(np.array([90, 400])).min() >= PERIODS


def test_orders_are_made_on_departures_and_on_lanes_that_carry(world: World, policy: ModelPredictive) -> None:
    scenario = tiny_scenario(world, episodes=EPISODES, days=7)
    state, _ = opened(world, scenario, on_hand=0.2)
    policy.begin(EPISODES)
    ordered = 0.0
    for number in range(7):
        day = scenario.at(number)
        snapshot = shown(world, state, day)
        decisions = policy.decide(snapshot)
        orders = decisions.orders
        waits = (snapshot.lane_wait_days > 0)[:, :, None] | (world.attributes.lane_carries == 0)
        assert float((orders * waits).abs().max()) == 0.0
        assert float(orders.min()) >= 0.0
        ordered += float(orders.sum())
        state, _, _ = step(world.parameters, state, decisions, day)
    assert ordered > 0


def test_a_plan_lasts_until_monday(world: World, policy: ModelPredictive) -> None:
    scenario = tiny_scenario(world, episodes=EPISODES, days=14)
    state, _ = opened(world, scenario)
    policy.begin(EPISODES)
    for number in range(14):
        day = scenario.at(number)
        decisions = policy.decide(shown(world, state, day))
        state, _, _ = step(world.parameters, state, decisions, day)
    mondays = (scenario.weekday[:, 1:] == 0).sum()
    assert policy.effort.startswith(f"{EPISODES + int(mondays)} weekly plans")


def test_with_years_of_stock_nothing_is_ordered(world: World, policy: ModelPredictive) -> None:
    _, snapshot = opened(world, tiny_scenario(world), on_hand=30.0)
    policy.begin(EPISODES)
    assert float(policy.decide(snapshot).orders.sum()) == 0.0


def test_a_shop_with_less_stock_is_sent_more(world: World, policy: ModelPredictive) -> None:
    totals = []
    scenario = tiny_scenario(world, episodes=20)
    scenario = scenario.episodes_at(scenario.weekday[:, 0] == 2)  # Wednesday: the ship sails
    for shop in (0.3, 1.0):
        state, _ = opened(world, scenario)
        share = torch.tensor([2.0, shop])[:, None]
        state = replace(state, on_hand=torch.floor(share * state.on_hand))
        policy.begin(scenario.episodes)
        orders = policy.decide(shown(world, state, scenario.at(0))).orders
        totals.append(float(orders[:, SEA].sum()))
    assert totals[0] > totals[1] > 0


def test_every_environment_is_planned_for_alone(world: World, policy: ModelPredictive) -> None:
    scenario = tiny_scenario(world, episodes=EPISODES)
    _, snapshot = opened(world, scenario, on_hand=0.5)
    policy.begin(EPISODES)
    together = policy.decide(snapshot).orders
    for episode in range(EPISODES):
        _, single = opened(world, scenario.episodes_at(slice(episode, episode + 1)), on_hand=0.5)
        policy.begin(1)
        torch.testing.assert_close(policy.decide(single).orders[0], together[episode])


def test_stock_that_went_missing_since_the_plan_is_ordered_on_top(world: World, policy: ModelPredictive) -> None:
    """The sea lane departs some days after the plan was made."""
    scenario = tiny_scenario(world, episodes=40, days=7)
    later = scenario.episodes_at(scenario.weekday[:, 0] == 1)  # planned on a Tuesday; wait until the ship sails
    sails = int(world.network.lane.wait_days[1, SEA])
    totals = []
    for missing in (0.0, 0.5):
        state, snapshot = opened(world, later, on_hand=0.6)
        policy.begin(later.episodes)
        policy.decide(snapshot)
        for between in range(1, sails):
            policy.decide(shown(world, state, later.at(between)))
        fewer = torch.tensor([1.0, 1 - missing])[:, None] * state.on_hand
        snapshot = shown(world, replace(state, on_hand=fewer), later.at(sails))
        totals.append(float(policy.decide(snapshot).orders[:, SEA].sum()))
    assert totals[1] > totals[0] > 0


def test_nothing_is_ordered_or_planned_on_a_closed_lane(world: World, policy: ModelPredictive) -> None:
    scenario = tiny_scenario(world, episodes=20)
    scenario = scenario.episodes_at(scenario.weekday[:, 0] == 2)  # Wednesday: the ship sails
    _, snapshot = opened(world, scenario, on_hand=0.3)
    closed = replace(snapshot, lane_open=snapshot.lane_open.index_fill(1, torch.tensor([SEA]), 0.0))
    ordered = []
    for seen in (snapshot, closed):
        policy.begin(scenario.episodes)
        ordered.append(policy.decide(seen).orders[:, SEA].sum())
        week = policy._ship[:, :, SEA].sum()
        assert (week > 0) == (seen is snapshot)
    assert ordered[0] > 0
    assert ordered[1] == 0


def test_a_closure_whose_days_are_known_is_planned_around(forecaster: Forecaster) -> None:
    closure = {"kind": "lane_closure", "where": {"modes": ["sea"]}, "starts": 5, "days": 14, "known": {"in_advance": 9}}
    closed = disruption_from({"name": "tried", "events": {"closure": closure}}, source="tried.yaml")
    world = build_world("two_warehouses", disruption=closed)
    scenario = tiny_scenario(world, episodes=EPISODES, days=7)
    horizon = Horizon.of(world.parameters, world.attributes, forecaster, PlanningSettings())
    for episode in range(EPISODES):
        _, snapshot = opened(world, scenario)
        ((instance, _),) = horizon.plan_for(snapshot, np.array([episode]))
        sailing = np.flatnonzero(
            world.network.lane.wait_days[(int(scenario.weekday[episode, 0]) + STARTS[:14]) % 7, SEA] == 0
        )
        open_on = {int(day): float(instance.lane_open[day, SEA]) for day in sailing}
        assert open_on
        assert all((share == 0) == (5 <= day < 19) for day, share in open_on.items())
        assert (instance.lane_open[15:, SEA] > 0).any()
