"""What happens in the twin, told as events, gives in the mirror the snapshot that the twin shows, field by field."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from entrepot.command_line.demo.telling import Teller, Told, at
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.as_live import AsLive, LiveKnowledge
from entrepot.envs.observe.model import AS_LIVE
from entrepot.envs.observe.reading import Costly
from entrepot.envs.opening import stocked
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.simulation import Simulation
from entrepot.envs.snapshot import SNAPSHOT_FIELDS, LongRunDemand, calendar, snapshot_from_records
from entrepot.envs.twin import Flows, draw_scenario
from entrepot.scheduler.events.envelope import Event, Key, written
from entrepot.scheduler.events.rules import check_data
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.places import Places
from tests.envs.snapshot.records.test_twin_against_records import world_of

SCARCE = 0.2
"""Of the usual stock and cover, so that customers leave."""
LOOKED_AT = 6
"""Every so many days the mirror is compared; it is told of all of them."""


def lived(teller: Teller, number: int, today: int, flows: Flows, backlog: Any) -> Told:
    noon = at(today, 12)
    units = {name: getattr(flows, name)[0].numpy() for name in ("unloaded", "restocked", "scrapped")}
    yield from teller.received(today, noon)
    yield from teller.moved({**units, "served": flows.served[:, 0].numpy()}, noon)
    yield from teller.asked(today, flows.demand[0].numpy(), noon)
    yield from teller.waiting(number, backlog, noon)
    yield from teller.sent(today, flows.shipped[0].numpy(), flows.transit_days[0].numpy(), noon)


def numbered(told: Told, first: int) -> list[Event]:
    return [
        written(Key("/world", 1, first + place), f"entrepot.{type(data).__name__.casefold()}.v1", time, data)
        for place, (data, time) in enumerate(told, 1)
    ]


@pytest.mark.parametrize("days", [48, pytest.param(180, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["kreen", "two_warehouses", "my_network"])
def test_events_of_what_the_twin_did_give_the_snapshot_that_it_shows(name: str, days: int) -> None:
    world, random = world_of(name), Random(0)
    places, demand = Places.of(world.description), world.demand
    teller = Teller(world.network, true_arrivals=True)
    scenario = draw_scenario(world.network, demand, episodes=1, days=days + 1, split=Split.TEST, seed=5)
    first, simulation = int(scenario.first_day[0]), world.simulation()
    present, mirror, count = stocked(simulation, episodes=1), Mirror(places), 0

    def tell(told: Told) -> None:
        nonlocal count
        events = numbered(told, count)
        count += len(events)
        random.shuffle(events)
        for event in events:
            check_data(event.data, places)
            mirror.apply(event)

    state = present.state
    tell(teller.opening(first, state.on_hand[0].numpy(), state.dock[0].numpy(), {}, state.backlog[0].numpy()))
    for number in range(days + 1):
        day, today = scenario.at(number), first + number
        snapshot = simulation.observe(present, day, frozenset({Costly.PIPELINE}))
        tell(teller.conditions(number, today, day.lane_open[0].tolist(), day.equipment[0].tolist()))
        if number and number % LOOKED_AT == 0:
            found = recorded(mirror, at(today, 2))
            made = snapshot_from_records(
                world.description,
                found.records,
                found.date,
                zone="UTC",
                long_run=LongRunDemand(demand.month_index, demand.mean_units_per_day),
                lane_open=found.lane_open,
                equipment=found.equipment,
            )
            assert found.date.isoformat() == calendar.iso(today)
            expected = snapshot_arrays(snapshot)
            for field in SNAPSHOT_FIELDS:
                tolerance = 1e-5 if field.startswith(("demand_", "season_")) else 0.0
                np.testing.assert_allclose(
                    made.arrays[field],
                    expected[field],
                    rtol=tolerance,
                    atol=tolerance,
                    err_msg=f"{field} on day {number}",
                )
        attributes = world.attributes
        orders = orders_from_cover(attributes, snapshot, attributes.base_cover_days, demand_rate(attributes, snapshot))
        present, flows, _ = simulation.live(present, Decisions(orders), day)
        tell(lived(teller, number, today, flows, present.state.backlog[0].numpy()))
    assert len(mirror.pipeline.shipments) > days / 4
    assert count > 5 * days


@pytest.mark.parametrize("days", [32, pytest.param(180, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["kreen", "my_network"])
def test_sales_and_what_was_sold_out_give_the_demand_that_as_live_estimates(name: str, days: int) -> None:
    world = world_of(name)
    places, demand = Places.of(world.description), world.demand
    teller, model = Teller(world.network, true_arrivals=False), AsLive(world.parameters, world.attributes)
    scenario = draw_scenario(world.network, demand, episodes=1, days=days + 1, split=Split.TEST, seed=5)
    simulation = Simulation.of(world.parameters, world.attributes, observation=AS_LIVE)
    first, present, mirror = int(scenario.first_day[0]), stocked(simulation, episodes=1), Mirror(places)
    opened = present.state
    present = simulation.begin(replace(opened, on_hand=(SCARCE * opened.on_hand).floor()))
    count, short_days, lost = 0, 0, 0.0

    def tell(told: Told) -> None:
        nonlocal count
        events = numbered(told, count)
        count += len(events)
        for event in events:
            check_data(event.data, places)
            mirror.apply(event)

    state = present.state
    tell(teller.opening(first, state.on_hand[0].numpy(), state.dock[0].numpy(), {}, state.backlog[0].numpy()))
    attributes = world.attributes
    for number in range(days + 1):
        day, today = scenario.at(number), first + number
        snapshot = simulation.observe(present, day, frozenset({Costly.PIPELINE}))
        if number and number % LOOKED_AT == 0:
            found = recorded(mirror, at(today, 2))
            long_run = LongRunDemand(demand.month_index, demand.mean_units_per_day)
            made = snapshot_from_records(world.description, found.records, found.date, zone="UTC", long_run=long_run)
            expected = snapshot_arrays(snapshot)
            for field in ("on_hand", "dock", "backlog"):
                np.testing.assert_array_equal(made.arrays[field], expected[field], err_msg=f"{field} on day {number}")
            told, lived = (arrays["pipeline"].sum(axis=-1) for arrays in (made.arrays, expected))
            np.testing.assert_array_equal(told, lived, err_msg=f"pipeline on day {number}")
            for field in (field for field in SNAPSHOT_FIELDS if field.startswith("demand_")):
                np.testing.assert_allclose(
                    made.arrays[field], expected[field], rtol=2e-5, atol=2e-5, err_msg=f"{field} on day {number}"
                )
            assert any("estimated from what was sold" in str(one) for one in made.remarks) or not short_days
        orders = orders_from_cover(
            attributes, snapshot, SCARCE * attributes.base_cover_days, demand_rate(attributes, snapshot)
        )
        memory = present.memory
        present, flows, _ = simulation.live(present, Decisions(orders), day, overwrite=False)
        assert isinstance(memory, LiveKnowledge)
        short = model.sold_out(memory, present.state, flows, day)[0].numpy()
        short_days += int(short.any())
        lost += float(flows.lost.sum())
        noon = at(today, 12)
        units = {each: getattr(flows, each)[0].numpy() for each in ("unloaded", "restocked", "scrapped")}
        tell(teller.received(today, noon))
        tell(teller.moved({**units, "served": flows.served[:, 0].numpy()}, noon))
        tell(teller.asked(today, (flows.demand - flows.lost)[0].numpy(), noon))
        tell(teller.sold_out(today, short, noon))
        tell(teller.waiting(number, present.state.backlog[0].numpy(), noon))
        tell(teller.sent(today, flows.shipped[0].numpy(), flows.transit_days[0].numpy(), noon))
    assert lost > 0
    assert short_days > days / 8
