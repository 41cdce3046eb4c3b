from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.kpi import KpiTotals
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.twin import Costs, Flows, State, TwinParameters, opening_state
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand

# two_warehouses: nodes hub, shop; market online, served by shop (3 days) and then hub (12 days);
# lanes factory→hub, hub→shop by sea, hub→shop by air.
HUB, SHOP = 0, 1
TO_HUB, BY_SEA, BY_AIR = 0, 1, 2
NETWORK = NetworkArrays.from_description(load_network("two_warehouses", skus=2))
PARAMETERS = TwinParameters.from_arrays(NETWORK)


def state(**changes: Any) -> State:
    nothing = opening_state(PARAMETERS, torch.zeros(2, 2), episodes=1)
    return replace(nothing, **changes)


def flows(**changes: Any) -> Flows:
    at_nodes, at_market, on_lanes = torch.zeros(1, 2, 2), torch.zeros(1, 1, 2), torch.zeros(1, 3, 2)
    quiet = Flows(
        arrived=at_nodes,
        unloaded=at_nodes,
        restocked=at_nodes,
        scrapped=at_nodes,
        demand=at_market,
        served=torch.zeros(2, 1, 1, 2),
        served_backlog=at_market,
        lost=at_market,
        ordered=on_lanes,
        shipped=on_lanes,
        transit_days=torch.ones(1, 3, dtype=torch.int64),
    )
    return replace(quiet, **changes)


def costs(**changes: Tensor) -> Costs:
    return Costs(**{part: changes.get(part, torch.zeros(1, 2)) for part in Costs.parts()})


def after(*days: tuple[State, Flows, Costs]) -> KpiTotals:
    totals = KpiTotals.start(PARAMETERS, 1)
    for day in days:
        totals = totals.add(PARAMETERS, *day)
    return totals


def a_short_day() -> tuple[State, Flows, Costs]:
    """SKU 0: 10 asked, the shop serves 6, the hub 1, 2 are lost, 1 waits. SKU 1: 4 asked, all served by the shop."""
    served = torch.tensor([[[[6.0, 4.0]]], [[[1.0, 0.0]]]])
    return (
        state(backlog=torch.tensor([[[1.0, 0.0]]])),
        flows(demand=torch.tensor([[[10.0, 4.0]]]), served=served, lost=torch.tensor([[[2.0, 0.0]]])),
        costs(lost_margin=torch.tensor([[0.0, 24.0]])),
    )


def test_fill_rate_is_the_share_of_demand_served_from_stock_on_the_day() -> None:
    assert after(a_short_day()).by_episode()["fill_rate"].item() == pytest.approx(11 / 14)


def test_serving_backlog_does_not_fill_todays_demand() -> None:
    late = flows(
        demand=torch.tensor([[[2.0, 0.0]]]),
        served=torch.tensor([[[[5.0, 0.0]]], [[[0.0, 0.0]]]]),
        served_backlog=torch.tensor([[[3.0, 0.0]]]),
    )
    assert after((state(), late, costs())).by_episode()["fill_rate"].item() == 1.0


def test_a_stock_out_is_counted_even_where_a_second_option_serves() -> None:
    served_by_hub = flows(demand=torch.tensor([[[5.0, 5.0]]]), served=torch.tensor([[[[5.0, 2.0]]], [[[0.0, 3.0]]]]))
    kpis = after((state(), served_by_hub, costs())).by_episode()
    assert kpis["fill_rate"].item() == 1.0
    assert kpis["stock_out_rate"].item() == 0.5


def test_a_day_without_demand_is_no_stock_out_though_customers_wait() -> None:
    waiting = state(backlog=torch.tensor([[[7.0, 0.0]]]))
    asked = flows(demand=torch.tensor([[[0.0, 3.0]]]), served=torch.tensor([[[[0.0, 3.0]]], [[[0.0, 0.0]]]]))
    assert after((waiting, asked, costs())).by_episode()["stock_out_rate"].item() == 0.0


def test_what_was_not_asked_has_no_rate() -> None:
    kpis = after(a_short_day()).by_node()
    assert torch.isnan(kpis["fill_rate"][0, HUB])
    assert torch.isnan(kpis["stock_out_rate"][0, HUB])
    assert kpis["stock_out_rate"][0, SHOP].item() == 0.5


def test_lost_sales_are_told_a_day_and_as_a_share() -> None:
    kpis = after(a_short_day(), (state(), flows(), costs())).by_episode()
    assert kpis["lost_sales_units_per_day"].item() == 1.0
    assert kpis["lost_share"].item() == pytest.approx(2 / 14)


def test_order_response_is_delivery_by_the_option_used_and_the_wait_of_backlog() -> None:
    # 10 units from the shop in 3 days, 1 from the hub in 12; 1 unit waits a day.
    assert after(a_short_day()).by_episode()["order_response_days"].item() == pytest.approx((30 + 12 + 1) / 11)


def shipping_day() -> tuple[State, Flows, Costs]:
    shipped = torch.tensor([[[8.0, 0.0], [4.0, 0.0], [0.0, 2.0]]])
    transit = torch.tensor([[6, 16, 4]])
    served = torch.tensor([[[[1.0, 1.0]]], [[[0.0, 0.0]]]])
    freight = torch.tensor([[16.0, 12.0]])
    demand = torch.tensor([[[1.0, 1.0]]])
    return state(), flows(shipped=shipped, transit_days=transit, served=served, demand=demand), costs(freight=freight)


def test_transfers_are_lane_days_with_a_shipment_between_nodes() -> None:
    kpis = after(shipping_day(), (state(), flows(), costs())).by_episode()
    assert kpis["transfers_per_month"].item() == pytest.approx(2 * 365 / 12 / 2)
    assert kpis["shipments_per_month"].item() == pytest.approx(3 * 365 / 12 / 2)


def test_replenishment_response_is_transit_weighted_by_units_shipped() -> None:
    totals = after(shipping_day())
    unit_days = 8 * 6 + 4 * 16 + 2 * 4
    assert totals.by_episode()["replenishment_response_days"].item() == pytest.approx(unit_days / 14)
    assert totals.by_node()["replenishment_response_days"][0].tolist() == pytest.approx([6.0, (64 + 8) / 6])


def test_freight_and_transit_of_all_lanes_fall_on_the_units_served() -> None:
    totals = after(shipping_day())
    assert totals.by_episode()["freight_usd_per_unit"].item() == pytest.approx(28 / 2)
    assert totals.by_episode()["transit_days_per_unit"].item() == pytest.approx((48 + 64 + 8) / 2)
    assert totals.by_node()["freight_usd_per_unit_shipped"][0].tolist() == pytest.approx([2.0, 2.0])


def test_emissions_are_those_of_the_goods_shipped() -> None:
    kg = NETWORK.lane.kg_co2e
    expected = 8 * kg[TO_HUB, 0] + 4 * kg[BY_SEA, 0] + 2 * kg[BY_AIR, 1]
    assert after(shipping_day()).by_episode()["kg_co2e_per_day"].item() == pytest.approx(expected, rel=1e-5)


def test_turnover_is_a_years_sales_at_cost_over_stock_in_warehouses() -> None:
    stocked = state(on_hand=torch.tensor([[[0.0, 0.0], [50.0, 0.0]]]), dock=torch.tensor([[[0.0, 0.0], [23.0, 0.0]]]))
    sold = flows(demand=torch.tensor([[[2.0, 0.0]]]), served=torch.tensor([[[[2.0, 0.0]]], [[[0.0, 0.0]]]]))
    totals = after((stocked, sold, costs()))
    assert totals.by_episode()["inventory_turnover_per_year"].item() == pytest.approx(365 * 2 / 73)


def test_a_nodes_turnover_counts_what_it_sends_to_other_nodes() -> None:
    stocked = state(on_hand=torch.tensor([[[73.0, 0.0], [0.0, 0.0]]]))
    sent = flows(shipped=torch.tensor([[[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]]))
    assert after((stocked, sent, costs())).by_node()["inventory_turnover_per_year"][0, HUB].item() == pytest.approx(10)


def test_parts_of_cost_add_up_over_nodes_and_to_the_cost_a_day() -> None:
    totals = after(shipping_day(), a_short_day())
    kpis, by_node = totals.by_episode(), totals.by_node()
    assert kpis["freight_usd_per_day"].item() == 14.0
    assert kpis["lost_margin_usd_per_day"].item() == 12.0
    assert kpis["cost_usd_per_day"].item() == 26.0
    assert by_node["cost_usd_per_day"].sum().item() == pytest.approx(26.0)
    assert sum(kpis[f"{part}_usd_per_day"].item() for part in Costs.parts()) == pytest.approx(26.0)


@pytest.mark.parametrize("network", ["kreen", "kreen_inside"])
def test_kpis_of_a_batch_are_those_of_its_episodes_one_by_one(network: str) -> None:
    description = load_network(network, skus=3)
    compiled = build_world(description, PoissonDemand.of(description), dtype=torch.float64)
    world = BatchedWarehouseNetwork(compiled, environments=3, episode_days=20, seed=1)
    world.reset()
    actions = torch.full((3, world.parameters.lanes, 3), 25.0)
    together = KpiTotals.start(world.parameters, 3)
    alone = [KpiTotals.start(world.parameters, 1) for _ in range(3)]
    for _ in range(20):
        world.step(actions)
        assert world.transition is not None
        seen = world.transition.flows
        together = together.add(world.parameters, world.state, seen, world.transition.costs)
        for index, totals in enumerate(alone):
            one = slice(index, index + 1)
            alone[index] = totals.add(
                world.parameters,
                world.state.episodes_at(one),
                seen.episodes_at(one),
                world.transition.costs.episodes_at(one),
            )
    for name, value in together.by_episode().items():
        expected = torch.cat([totals.by_episode()[name] for totals in alone])
        torch.testing.assert_close(value, expected, equal_nan=True)


def test_hours_of_picking_follow_units_and_standstill_is_told_by_class() -> None:
    described = load_network("kreen_inside", skus=2)
    env = BatchedWarehouseNetwork(build_world(described, PoissonDemand.of(described)), environments=2, seed=0)
    env.reset()
    totals, served = KpiTotals.start(env.parameters, 2), torch.zeros(2, env.parameters.nodes, dtype=torch.float64)
    equipment, network = env.parameters.equipment, env.network
    assert equipment is not None
    assert network.equipment is not None
    still = torch.zeros(2, equipment.units, dtype=torch.float64)
    for _ in range(40):
        env.step(torch.full((2, env.parameters.lanes, 2), 30.0), torch.zeros(2, equipment.units))
        assert env.transition is not None
        flows, costs = env.transition.flows, env.transition.costs
        assert flows.equipment is not None
        totals = totals.add(env.parameters, env.state, flows, costs)
        for rank, nodes in enumerate(network.option.node):
            for market, node in enumerate(nodes):
                served[:, node] += flows.served[rank, :, market].sum(dim=-1)
        still += flows.equipment.standstill_hours
    by_episode, by_node = totals.by_episode(), totals.by_node()
    hours = torch.as_tensor(network.node.pick_hours_per_unit)
    assert (hours > 0).sum() == 6
    torch.testing.assert_close(by_node["pick_hours_per_day"], served * hours / 40, rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(by_episode["pick_hours_per_day"], by_node["pick_hours_per_day"].sum(dim=1))
    torch.testing.assert_close(
        by_episode["pick_equipment_hours_per_day"], by_node["pick_equipment_hours_per_day"].sum(dim=1)
    )
    picks = np.array(["forklifts" not in name for name in network.equipment.units])
    assert env.state.equipment is not None
    torch.testing.assert_close(
        by_episode["pick_equipment_hours_per_day"],
        (env.state.equipment.worked_hours[:, picks].double().sum(dim=1) / 40),
        rtol=1e-5,
        atol=1e-6,
    )
    lifts = np.array(["forklifts" in name for name in network.equipment.units])
    torch.testing.assert_close(
        by_episode["standstill_share_forklifts"],
        still[:, lifts].sum(dim=1) / (40 * 8 * lifts.sum()),
        rtol=1e-5,
        atol=1e-9,
    )
    assert {key for key in by_episode if key.startswith("standstill_share_")} == {
        f"standstill_share_{name}" for name in ("forklifts", "conveyors", "agvs", "order_pickers", "equipment_155")
    }
    assert by_episode["equipment_maintenance_usd_per_day"].tolist() == [0.0, 0.0]


def test_a_network_without_layouts_has_no_kpis_of_what_is_inside() -> None:
    assert not {"pick_hours_per_day", "equipment_standstill_share"} & set(after(a_short_day()).by_episode())
