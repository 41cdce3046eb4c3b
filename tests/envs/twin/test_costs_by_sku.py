"""A day's costs split by SKU add up, and a SKU alone in the world costs what it is charged among others."""

from dataclasses import replace

import pytest
import torch

from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin.costs_by_sku import costs_by_sku
from entrepot.envs.world import World, build_world
from tests.worlds.tiny import tiny_scenario

DAYS = 12
ROOMY = 1e6


def lived(
    world: World, *, skus: torch.Tensor | None = None, whole_units: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """[T, B, N, S] and [T, B, N] USD of the same days, of some SKUs if they are named."""
    simulation = world.simulation(whole_units=whole_units)
    scenario = tiny_scenario(world, days=DAYS, dtype=world.parameters.dtype)
    if skus is not None:
        simulation = simulation.for_skus(skus)
        scenario = scenario.for_skus(skus)
    split, total = [], []

    def watch(today: Lived) -> None:
        parameters = simulation.parameters
        split.append(costs_by_sku(parameters, today.day, today.state, today.flows, today.costs))
        total.append(today.costs.total)

    opening = stocked(simulation, episodes=scenario.episodes)
    simulation.run(opening, scenario, base_cover_rule(simulation.attributes), watch=watch)
    return torch.stack(split), torch.stack(total)


@pytest.mark.parametrize("network", ["two_warehouses", "kreen", "kreen_full"])
def test_costs_by_sku_add_up_to_the_nodes_costs_whatever_is_switched_on(network: str) -> None:
    split, total = lived(build_world(network))
    torch.testing.assert_close(split.sum(dim=-1), total, rtol=1e-4, atol=1e-2)


def test_a_sku_is_charged_what_it_costs_alone_where_nothing_is_shared() -> None:
    world = build_world("two_warehouses", dtype=torch.float64)
    twin = world.parameters
    free = replace(twin.lane, price_per_shipment=torch.zeros_like(twin.lane.price_per_shipment))
    node = replace(
        twin.node,
        capacity_m3=ROOMY * twin.node.capacity_m3,
        dock_m3_per_day=ROOMY * twin.node.dock_m3_per_day,
        picking_units_per_day=ROOMY * twin.node.picking_units_per_day,
    )
    supplier = replace(twin.supplier, capacity_units_per_day=ROOMY * twin.supplier.capacity_units_per_day)
    world = replace(world, parameters=replace(twin, lane=free, node=node, supplier=supplier))
    together, _ = lived(world)
    for sku in range(len(world.network.skus)):
        alone, _ = lived(world, skus=torch.tensor([sku]))
        torch.testing.assert_close(together[..., sku : sku + 1], alone, rtol=1e-6, atol=1e-6)
