"""Nothing exceeds what a place, a dock, a picker, a lane or a supplier can take."""

import torch
from hypothesis import given
from torch import Tensor

from entrepot.envs.twin import TwinParameters
from tests.worlds import INLAND, SEA, World, few, order, small_network, small_world, worlds

exact = (torch.float64,)


def m3(parameters: TwinParameters, units: Tensor) -> Tensor:
    return units @ parameters.sku.volume_m3


def assert_within(load: Tensor, limit: Tensor) -> None:
    """To the last bits of a float: sums of volumes aren't exact."""
    assert (load - limit * (1 + 1e-9)).max() <= 1e-9


@few
@given(worlds(dtypes=exact))
def test_no_capacity_is_ever_exceeded(world: World) -> None:
    parameters = world.parameters
    for whole_units in (True, False):
        for record in world.run(whole_units=whole_units):
            before, day, flows = record.before, record.day, record.flows
            dock, picking = day.equipment, day.equipment
            if before.equipment is not None:
                dock = dock * before.equipment.dock_share.t()
                picking = picking * before.equipment.picking_share.t()
            assert_within(m3(parameters, flows.unloaded), parameters.node.dock_m3_per_day[:, 0] * dock)
            assert_within(
                m3(parameters, before.on_hand + flows.unloaded),
                parameters.node.capacity_m3[:, 0].expand_as(day.equipment),
            )
            picked = torch.einsum("rnm,rbms->bns", parameters.option.at_node, flows.served)
            assert_within(picked.sum(dim=-1), parameters.node.picking_units_per_day[:, 0] * picking)
            assert_within(picked, before.on_hand + flows.unloaded)
            assert_within(m3(parameters, flows.shipped), parameters.lane.capacity_m3_per_day[:, 0] * day.lane_open)
            from_suppliers = flows.shipped.sum(dim=-1) @ parameters.supplier.of_lane.T
            assert_within(from_suppliers, parameters.supplier.capacity_units_per_day[:, 0] * day.supplier_up)
            sent = parameters.lane.from_node @ flows.shipped
            assert_within(sent, before.on_hand + flows.unloaded - picked)
            assert_within(flows.shipped, flows.ordered)


def test_a_broken_dock_unloads_nothing() -> None:
    world = order(small_world(small_network(hub={"dock_m3_per_day": 5.0}), days=6, equipment=0.0), INLAND, 50)
    last = world.run()[-1].after
    assert last.dock.sum() == 50
    assert last.on_hand.sum() == 0


def test_a_full_warehouse_leaves_goods_on_the_dock() -> None:
    world = order(small_world(small_network(hub={"capacity_m3": 0.3}), days=4), INLAND, 50)
    last = world.run()[-1].after
    assert last.on_hand[0, 0, 0] == 30
    assert last.dock[0, 0, 0] == 20


def test_a_closed_lane_ships_nothing() -> None:
    open_lanes = [1.0, 0.0, 1.0]
    world = order(small_world(small_network(), on_hand=100.0, lane_open=open_lanes), SEA, 10)
    (record,) = world.run()
    assert record.flows.ordered[0, SEA, 0] == 10
    assert record.flows.shipped.sum() == 0


def test_a_supplier_that_is_half_down_makes_half_of_its_capacity() -> None:
    network = small_network(factory={"capacity_units_per_day": 40.0})
    (record,) = order(small_world(network, supplier_up=0.5), INLAND, 100).run()
    assert record.flows.shipped[0, INLAND, 0] == 20


def test_a_whole_limit_is_used_up_to_the_last_unit_that_fits() -> None:
    network = small_network(inland={"capacity_m3_per_day": 0.105})
    (record,) = order(small_world(network), INLAND, 100).run()
    assert record.flows.shipped[0, INLAND, 0] == 10


def test_an_order_below_the_minimum_becomes_the_minimum_or_nothing_whichever_is_nearer() -> None:
    network = small_network(factory={"minimum_order_units": 20.0})
    shipped = [
        order(small_world(network), INLAND, units).run()[0].flows.shipped.sum().item() for units in (9, 10, 15, 25)
    ]
    assert shipped == [0, 20, 20, 25]
