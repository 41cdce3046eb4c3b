"""What happens in the twin, told as events, gives in the mirror the snapshot that the twin shows, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.opening import stocked
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.snapshot import SNAPSHOT_FIELDS, LongRunDemand, calendar, snapshot_from_records
from entrepot.envs.twin import Day, Flows, draw_scenario
from entrepot.envs.world import World
from entrepot.scheduler.events import data as kinds
from entrepot.scheduler.events.envelope import Event, Key, written
from entrepot.scheduler.events.rules import check_data
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.places import Places
from tests.envs.snapshot.records.test_twin_against_records import world_of

LOOKED_AT = 6
"""Every so many days the mirror is compared; it is told of all of them."""
Told = Iterator[tuple[kinds.Data, datetime]]


def at(day: int, hours: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=hours)


class Teller:
    """Tells of a day as the systems of its places would."""

    def __init__(self, world: World) -> None:
        self.names, self.description = world.network, world.description
        self.due: dict[int, list[tuple[str, str, str, int]]] = {}  # by day: shipment, node, SKU, units

    def opening(self, day: int, on_hand: Any) -> Told:
        for node, sku in np.ndindex(on_hand.shape):
            units = int(on_hand[node, sku])
            yield kinds.Count(node=self.names.nodes[node], sku=self.names.skus[sku], on_hand=units), at(day, -1)

    def conditions(self, number: int, today: int, day: Day) -> Told:
        for name, share in zip(self.names.lanes, day.lane_open[0].tolist(), strict=True):
            yield kinds.Condition(lane=name, share=share, revision=number), at(today, 1)
        for name, share in zip(self.names.nodes, day.equipment[0].tolist(), strict=True):
            yield kinds.Telemetry(node=name, share=share), at(today, 1)

    def lived(self, number: int, today: int, flows: Flows, backlog: Any) -> Told:
        noon, nodes, skus = at(today, 12), self.names.nodes, self.names.skus
        for shipment, node, sku, units in self.due.pop(today, ()):
            yield kinds.Receipt(node=node, sku=sku, units=units, shipment=shipment), noon
        yield from ((kinds.Putaway(**move), noon) for move in self.moves(flows.unloaded[0]))
        for outcome, came_back in (("dock", flows.restocked[0]), ("scrap", flows.scrapped[0])):
            for move in self.moves(came_back):
                yield kinds.Return(**move), noon
                yield kinds.Inspection(**move, outcome=outcome), noon  # type: ignore[arg-type]
        for rank, market, sku in np.argwhere(flows.served[:, 0].numpy() > 0):
            node = nodes[self.names.option.node[rank, market]]
            yield kinds.Pick(node=node, sku=skus[sku], units=int(flows.served[rank, 0, market, sku])), noon
        date = noon.date()
        for market, sku in np.ndindex(backlog.shape):
            place, units = {"market": self.names.markets[market]}, int(flows.demand[0, market, sku])
            yield kinds.Demand(**place, sku=skus[sku], date=date, units=units), noon
            lines = [kinds.SaleLine(sku=skus[sku], units=int(backlog[market, sku]))]
            name = f"{market} {sku}"
            yield (
                kinds.Sale(**place, sale=name, ordered=noon, lines=lines, is_demand=False, revision=number),
                noon,
            )
        yield from self.sent(today, flows)

    def sent(self, today: int, flows: Flows) -> Told:
        names = self.names
        for lane, sku in np.argwhere(flows.shipped[0].numpy() > 0):
            shipment, units = f"{today} {lane} {sku}", int(flows.shipped[0, lane, sku])
            eta = today + int(flows.transit_days[0, lane])
            destination = names.nodes[names.lane.destination[lane]]
            self.due.setdefault(eta, []).append((shipment, destination, names.skus[sku], units))
            origin, name = names.endpoints[names.lane.origin[lane]], names.lanes[lane]
            yield kinds.Shipment(shipment=shipment, lane=name, eta=at(eta, 0).date()), at(today, 12)
            yield (
                kinds.Dispatch(node=origin, sku=names.skus[sku], units=units, lane=name, shipment=shipment),
                at(today, 12),
            )

    def moves(self, units: Any) -> Iterator[dict[str, Any]]:
        for node, sku in np.argwhere(units.numpy() > 0):
            yield {"node": self.names.nodes[node], "sku": self.names.skus[sku], "units": int(units[node, sku])}


def numbered(told: Told, first: int) -> list[Event]:
    return [
        written(Key("/world", 1, first + place), f"entrepot.{type(data).__name__.casefold()}.v1", time, data)
        for place, (data, time) in enumerate(told, 1)
    ]


@pytest.mark.parametrize("days", [48, pytest.param(180, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["kreen", "two_warehouses", "my_network"])
def test_events_of_what_the_twin_did_give_the_snapshot_that_it_shows(name: str, days: int) -> None:
    world, random = world_of(name), Random(0)
    places, teller, demand = Places.of(world.description), Teller(world), world.demand
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

    tell(teller.opening(first, present.state.on_hand[0].numpy()))
    for number in range(days + 1):
        day, today = scenario.at(number), first + number
        snapshot = simulation.observe(present, day, frozenset({Costly.PIPELINE}))
        tell(teller.conditions(number, today, day))
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
        tell(teller.lived(number, today, flows, present.state.backlog[0].numpy()))
    assert len(mirror.pipeline.shipments) > days / 4
    assert count > 10 * days
