"""What happens in the twin, told as events, gives in the mirror the snapshot that the twin shows, field by field."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from entrepot.command_line.demo.telling import Teller, Told, at
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.opening import stocked
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.snapshot import SNAPSHOT_FIELDS, LongRunDemand, calendar, snapshot_from_records
from entrepot.envs.twin import Flows, draw_scenario
from entrepot.scheduler.events.envelope import Event, Key, written
from entrepot.scheduler.events.rules import check_data
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.places import Places
from tests.envs.snapshot.records.test_twin_against_records import world_of

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
