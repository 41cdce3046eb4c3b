"""What a live system knows: by schedule, and of sales."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from entrepot.envs.network import load_network
from entrepot.envs.network.disruption.description import disruption_from
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.as_live import AsLive, LiveKnowledge
from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.observe.on_the_way import arriving_by_days, due_by_days
from entrepot.envs.observe.reading import EVERYTHING
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.twin import Scenario
from entrepot.envs.world import World
from tests.poisson_demand import PoissonDemand
from tests.worlds.befallen import drawn
from tests.worlds.tiny import tiny_scenario, tiny_world

DAYS, EPISODES = 50, 3


@pytest.fixture(scope="module", params=["two_warehouses", "kreen"])
def world(request: pytest.FixtureRequest) -> World:
    return tiny_world(request.param, 3)


@pytest.fixture(scope="module")
def scenario(world: World) -> Scenario:
    return tiny_scenario(world, episodes=EPISODES, days=DAYS + 1)


def live(world: World, *, whole_units: bool = True) -> Simulation:
    return Simulation.of(world.parameters, world.attributes, observation="as_live", whole_units=whole_units)


def lived(
    simulation: Simulation, scenario: Scenario, *, stock: float = 1.0, days: int = DAYS
) -> tuple[Present, list[Lived]]:
    """Days of base covers from a share of the usual stock."""
    past: list[Lived] = []
    opening = stocked(simulation, episodes=scenario.episodes)
    opening = simulation.begin(replace(opening.state, on_hand=torch.floor(stock * opening.state.on_hand)))
    end = simulation.run(opening, scenario, base_cover_rule(simulation.attributes), days=days, watch=past.append)
    return end, past


def test_the_pipeline_is_what_departed_by_its_scheduled_day_and_what_is_overdue_is_due_tomorrow(
    world: World, scenario: Scenario
) -> None:
    simulation = live(world)
    end, past = lived(simulation, scenario)
    seen = simulation.observe(end, scenario.at(DAYS), EVERYTHING)
    expected = torch.zeros_like(seen.pipeline)
    lanes = world.network.lane
    for day in past:
        scheduled = world.parameters.lane.order_days[day.day.weekday]  # [B, L]
        for lane, node in enumerate(lanes.destination):
            for episode in range(EPISODES):
                arrives = day.number + int(day.flows.transit_days[episode, lane]) - DAYS
                if arrives < 0:
                    continue
                due = day.number + int(scheduled[episode, lane].clamp(min=1)) - DAYS
                expected[episode, node, :, due if due >= 0 else 1] += day.flows.shipped[episode, lane]
    assert expected.any()
    assert torch.equal(seen.pipeline, expected)
    assert torch.equal(seen.pipeline.sum(dim=-1), end.state.in_transit)
    assert not torch.equal(seen.pipeline, end.state.pipeline_by_days())


def test_what_counts_for_lanes_and_nodes_is_the_sum_of_its_days(world: World, scenario: Scenario) -> None:
    simulation = live(world)
    end, _ = lived(simulation, scenario)
    seen = simulation.observe(end, scenario.at(DAYS), EVERYTHING)
    torch.testing.assert_close(seen.due, due_by_days(world.attributes, seen.pipeline))
    torch.testing.assert_close(seen.arriving, arriving_by_days(seen.pipeline))


def test_delays_that_are_still_to_come_change_nothing_of_what_is_known(world: World, scenario: Scenario) -> None:
    simulation = live(world)
    end, past = lived(simulation, scenario, days=3)
    later = replace(scenario, delay_days=torch.where(scenario.delay_days >= 0, 2, 0))
    other, others = lived(simulation, later, days=3)
    assert all(torch.equal(one.decisions.orders, two.decisions.orders) for one, two in zip(past, others, strict=True))
    before, after = (snapshot_arrays(simulation.observe(at, scenario.at(3), EVERYTHING)) for at in (end, other))
    nothing_came = not any(day.flows.arrived.any() for day in (*past, *others))
    for name in before:
        if nothing_came or name not in ("pipeline", "dock", "on_hand"):
            np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def test_what_is_lost_unseen_teaches_nothing(world: World, scenario: Scenario) -> None:
    """Nobody who leaves unserved is seen: were there more of them, all that is known would be the same."""
    simulation = live(world)
    _, past = lived(simulation, scenario, stock=0.2, days=20)
    day = next(day for day in reversed(past) if day.flows.lost.any())
    more = replace(day.flows, demand=day.flows.demand + 7 * day.flows.lost, lost=8 * day.flows.lost)
    memory = simulation.model.begin(day.state)
    one, other = (simulation.model.learn(memory, day.state, flows, day.day) for flows in (day.flows, more))
    assert torch.equal(one.demand.demand_fast, other.demand.demand_fast)
    assert torch.equal(one.demand.demand_square, other.demand.demand_square)


def test_with_stock_for_everybody_demand_is_known(world: World, scenario: Scenario) -> None:
    simulation, exact = live(world), Simulation.of(world.parameters, world.attributes)
    end, _ = lived(simulation, scenario, stock=20.0, days=9)
    other, _ = lived(exact, scenario, stock=20.0, days=9)
    assert torch.equal(memory_of(end).demand.demand_slow, known_of(other).demand_slow)


def test_estimates_are_nearer_to_demand_than_sales_where_stock_is_short(world: World, scenario: Scenario) -> None:
    simulation, exact = live(world), Simulation.of(world.parameters, world.attributes)
    end, past = lived(simulation, scenario, stock=0.0)
    truth = sales = known_of(exact.begin(past[0].state))
    for day in past:
        truth, sales = truth.after(day.flows.demand), sales.after(day.flows.demand - day.flows.lost)

    def off(known: Knowledge) -> float:
        return float((known.demand_slow - truth.demand_slow).square().mean())

    assert off(memory_of(end).demand) < off(sales)


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "node_closed", "at": {}},
        {"kind": "equipment_storm", "hazard_factor": 2, "throughput_share": 0.02},
    ],
    ids=["closed", "pickers_full"],
)
def test_stock_that_nobody_can_sell_counts_as_sold_out(event: dict[str, Any]) -> None:
    struck = of_one_shop({**event, "starts": 3, "days": 4})
    simulation, days = live(struck), drawn(struck, days=7)
    end, past = lived(simulation, days, stock=30.0, days=7)
    model = simulation.model
    assert isinstance(model, AsLive)
    sold_out = [model.sold_out(memory_of(end), day.state, day.flows, day.day) for day in past]
    assert not any(short.any() for short in sold_out[:3])
    assert all(short.all() for short in sold_out[3:])
    assert past[-1].state.on_hand[:, 1].min() > 1000
    # So those who left unseen aren't read as nobody.
    calm = model.begin(past[0].state)
    assert isinstance(calm, LiveKnowledge)
    after = model.learn(calm, past[4].state, past[4].flows, past[4].day)
    sales = calm.demand.after(past[4].flows.demand - past[4].flows.lost)
    assert (after.demand.demand_fast > sales.demand_fast + 1).all()


def test_where_equipment_that_picks_stands_still_nothing_can_be_sold() -> None:
    inside = tiny_world("kreen_inside", 2)
    simulation, days = live(inside), tiny_scenario(inside, episodes=1, days=3)
    end, past = lived(simulation, days, stock=5.0, days=3)
    model, memory = simulation.model, memory_of(end)
    assert isinstance(model, AsLive)
    assert end.state.equipment is not None
    assert memory.picking_share is not None
    assert torch.equal(memory.picking_share, end.state.equipment.picking_share.t())
    stands = replace(memory, picking_share=torch.zeros_like(memory.picking_share))
    last = past[-1]
    assert not model.sold_out(memory, last.state, last.flows, last.day).all()
    assert model.sold_out(stands, last.state, last.flows, last.day).all()


def test_gradients_reach_orders_of_days_before_through_what_is_on_schedule(world: World, scenario: Scenario) -> None:
    simulation = live(world, whole_units=False)
    present = stocked(simulation, episodes=EPISODES)
    orders = torch.ones(EPISODES, world.parameters.lanes, world.parameters.skus, requires_grad=True)
    for number in range(2):
        decisions = base_cover_rule(world.attributes)(simulation.observe(present, scenario.at(number)))
        decisions = replace(decisions, orders=orders)
        present, _, _ = simulation.live(present, decisions, scenario.at(number), overwrite=False)
    seen = simulation.observe(present, scenario.at(2), EVERYTHING)
    (seen.due.sum() + seen.pipeline.sum()).backward()  # type: ignore[no-untyped-call]
    assert orders.grad is not None
    assert orders.grad.abs().sum() > 0


def test_a_copy_in_another_process_has_a_ring_of_its_own(world: World, scenario: Scenario) -> None:
    end, _ = lived(live(world), scenario, days=5)
    copy = pickle.loads(pickle.dumps(end))
    assert torch.equal(memory_of(copy).schedule.expected, memory_of(end).schedule.expected)
    memory_of(copy).schedule.expected.add_(1.0)
    assert not torch.equal(memory_of(copy).schedule.expected, memory_of(end).schedule.expected)


def test_a_batch_knows_what_its_members_know_alone(world: World, scenario: Scenario) -> None:
    simulation = live(world)
    together, _ = lived(simulation, scenario, stock=0.3, days=20)
    alone, _ = lived(simulation, scenario.episodes_at(slice(1, 2)), stock=0.3, days=20)
    assert torch.equal(memory_of(together).demand.demand_slow[1:2], memory_of(alone).demand.demand_slow)
    assert torch.equal(memory_of(together).schedule.overdue[1:2], memory_of(alone).schedule.overdue)


def of_one_shop(event: dict[str, Any]) -> World:
    """An event befalls a network of whose customers nobody waits, and whom the shop alone serves."""
    described = load_network("two_warehouses", skus=2)
    online = described.markets["online"]
    market = online.model_copy(update={"backlog_share": 0.0, "options": online.options[:1]})
    described = described.model_copy(update={"markets": {"online": market}})
    disruption = disruption_from({"name": "tried", "events": {"event": event}}, source="tried.yaml")
    return World.of(described, PoissonDemand.of(described, 30.0), disruption=disruption, dtype=torch.float64)


def memory_of(present: Present) -> LiveKnowledge:
    assert isinstance(present.memory, LiveKnowledge)
    return present.memory


def known_of(present: Present) -> Knowledge:
    assert isinstance(present.memory, Knowledge)
    return present.memory
