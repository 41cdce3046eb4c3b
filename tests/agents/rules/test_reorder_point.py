from dataclasses import replace

import torch

from entrepot.agents.rules import BaseStock, ReorderPoint
from entrepot.agents.rules.rule import Tuning
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world()
KNOWN = WORLD.attributes
HUB_TRUCK, SEA, AIR = 0, 1, 2  # of which the truck costs nothing a departure
COVER = torch.full((3, 4), 90.0)


def departing() -> Snapshot:
    snapshot = first_snapshot(WORLD)
    return replace(snapshot, lane_wait_days=torch.zeros_like(snapshot.lane_wait_days))


def rule(threshold: float, known: NetworkAttributes = KNOWN) -> ReorderPoint:
    return ReorderPoint(known, BaseStock.midway_figures(COVER) | {"threshold": torch.full((3,), threshold)})


def test_where_the_threshold_is_low_every_departure_is_taken_as_by_base_stock() -> None:
    snapshot = departing()
    expected = BaseStock.midway(KNOWN, COVER).decide(snapshot).orders
    torch.testing.assert_close(rule(1e-5).decide(snapshot).orders, expected)


def test_where_it_is_high_only_lanes_whose_departures_cost_nothing_go() -> None:
    snapshot = departing()
    orders = rule(1e9).decide(snapshot).orders
    assert (orders[:, [SEA, AIR]] == 0).all()
    torch.testing.assert_close(orders[:, HUB_TRUCK], rule(1e-5).decide(snapshot).orders[:, HUB_TRUCK])


def test_the_dearer_a_departure_the_fewer_are_taken() -> None:
    snapshot = departing()
    free = replace(KNOWN, lane_shipment_usd=torch.zeros(3))
    dear = replace(KNOWN, lane_shipment_usd=torch.full((3,), 1e9))
    assert (rule(1.0, free).decide(snapshot).orders[:, AIR] > 0).all()
    assert (rule(1.0, dear).decide(snapshot).orders == 0).all()


def test_a_lane_that_does_not_depart_takes_no_departure_even_while_it_is_tried() -> None:
    snapshot = departing()
    wait = snapshot.lane_wait_days.clone()
    wait[:, SEA] = 2.0
    chance = torch.Generator().manual_seed(0)
    ordered = rule(1.0).ordered(replace(snapshot, lane_wait_days=wait), Tuning(0.5, torch.ones(3), chance))
    assert ordered.departs is not None
    assert (ordered.departs[:, SEA] == 0).all()
    assert (ordered.orders[:, SEA] == 0).all()
