from __future__ import annotations

from dataclasses import replace

import torch

from entrepot.agents.rules import BaseStock, MinMax
from entrepot.envs.network import load_network
from entrepot.envs.network.equipment.description import MaintenancePolicy
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.world import World
from entrepot.training.report.practice import (
    ACTIVE,
    PASSIVE,
    WithoutForecasts,
    WithoutTransfers,
    lateral_lanes,
    maintained,
    recorded,
)
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world()
KREEN = tiny_world("kreen", skus=4)


def sold_out(world: World) -> Snapshot:
    snapshot = first_snapshot(world)
    return replace(snapshot, on_hand=torch.zeros_like(snapshot.on_hand))


def test_lanes_that_lead_both_ways_between_nodes_are_transfers_between_sisters() -> None:
    network = KREEN.network
    lateral = {name for name, found in zip(network.lanes, lateral_lanes(network).tolist(), strict=True) if found}
    assert len(lateral) == 9  # Dongguan with Yiwu and Haiphong, Los Angeles with Vancouver and Hamburg
    assert not [name for name in lateral if "fba" in name or "guangdong" in name]


def test_without_transfers_all_other_orders_stand() -> None:
    network, snapshot = KREEN.network, sold_out(KREEN)
    rule = BaseStock.midway(KREEN.attributes, KREEN.attributes.base_cover_days)
    made, kept = rule.decide(snapshot).orders, WithoutTransfers(rule, network).decide(snapshot).orders
    lateral = lateral_lanes(network)
    assert made[:, lateral].any()
    assert not kept[:, lateral].any()
    assert torch.equal(kept[:, ~lateral], made[:, ~lateral])


def test_min_max_with_more_safety_orders_no_less() -> None:
    snapshot = sold_out(WORLD)
    little, much = (MinMax(WORLD.attributes, safety_days=days).decide(snapshot).orders for days in (1.0, 60.0))
    assert (much >= little).all()
    assert much.sum() > little.sum()
    usual, named = MinMax(WORLD.attributes), MinMax(WORLD.attributes, safety_days=14.0, lot_days=28.0)
    assert torch.equal(usual.decide(snapshot).orders, named.decide(snapshot).orders)


def test_without_forecasts_nothing_recent_is_seen() -> None:
    rule = BaseStock.midway(WORLD.attributes, WORLD.attributes.base_cover_days)
    blind = WithoutForecasts(rule, WORLD.attributes)
    snapshot = sold_out(WORLD)
    busy = replace(snapshot, demand_slow=snapshot.demand_slow * 3)
    assert not torch.equal(rule.decide(busy).orders, rule.decide(snapshot).orders)
    assert torch.equal(blind.decide(busy).orders, blind.decide(snapshot).orders)


def test_all_equipment_is_kept_up_in_the_way_that_is_asked_for() -> None:
    described = maintained(load_network("kreen_inside", skus=2), MaintenancePolicy.CONDITION_BASED)
    assert described.inside is not None
    fleets = [fleet for inside in described.inside.warehouses.values() for fleet in inside.equipment.values()]
    assert fleets
    assert {fleet.maintenance for fleet in fleets} == {MaintenancePolicy.CONDITION_BASED}


def test_stock_goes_wrong_alike_but_is_booked_and_counted_as_each_side_does() -> None:
    described = load_network("kreen_inside", skus=2)
    passive, active = (recorded(described, side).records for side in (PASSIVE, ACTIVE))
    assert passive is not None
    assert active is not None
    assert passive.counts != active.counts
    assert passive.every_node.booking_delay_days > active.every_node.booking_delay_days == 0
    assert passive.every_node.model_copy(update={"booking_delay_days": 0}) == active.every_node
