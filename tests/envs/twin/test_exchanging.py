"""Customers exchange what they send back: another unit goes out before anybody else is served."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from entrepot.envs.kpi import KpiTotals
from tests.worlds import SHOP, Record, World, small_network, small_world

ALL_BACK = {"share": 1.0, "median_days": 1.0, "log_deviation": 0.0, "exchange_share": 1.0}


def all_exchanged(on_hand: float, *, days: int = 3, fresh: float = 0.0, **market: Any) -> World:
    """Forty units sold on the first day, half of which come back on the second; `fresh` units are asked for then."""
    network = small_network(
        market={"returns": ALL_BACK, "options": [{"node": "shop", "usd_per_unit": 3.0}]} | market,
        shop={"restock_share": 0.0, "return_usd_per_unit": 2.0, "outbound_usd_per_unit": 0.5},
    )
    world = small_world(network, days=days, on_hand=[[0.0], [on_hand]], rounding=0.0)
    demand = torch.zeros_like(world.scenario.demand)
    demand[:, 0], demand[:, 1] = 40.0, fresh
    return replace(world, scenario=replace(world.scenario, demand=demand))


def exchanged(record: Record) -> float:
    assert record.flows.exchanged is not None
    return float(record.flows.exchanged.sum())


def test_for_each_unit_exchanged_another_goes_out_and_its_handling_and_delivery_are_paid() -> None:
    first, second, _ = all_exchanged(on_hand=1000.0).run()
    assert exchanged(first) == 0
    units = exchanged(second)
    assert units > 0
    assert second.flows.served.sum() == units
    assert second.flows.demand.sum() == 0
    assert second.costs.returns[0, SHOP].item() == 2.0 * units
    assert second.costs.handling[0, SHOP].item() == pytest.approx(3.5 * units)
    assert (second.before.on_hand - second.after.on_hand).sum() == units


def test_who_exchanges_is_served_before_fresh_demand() -> None:
    units = exchanged(all_exchanged(on_hand=1000.0).run()[1])
    second = all_exchanged(on_hand=40.0 + units + 5, fresh=20.0).run()[1]
    assert second.flows.served.sum() == units + 5
    assert second.flows.served_backlog.sum() == units
    assert second.flows.lost.sum() == 15


def test_who_exchanges_waits_where_nothing_is_left_and_is_never_lost() -> None:
    _, second, third = all_exchanged(on_hand=40.0, backlog_usd_per_unit_day=1.5).run()
    assert second.after.backlog.sum() == exchanged(second) > 0
    assert second.costs.backlog.sum().item() == pytest.approx(1.5 * exchanged(second))
    assert second.flows.lost.sum() == third.flows.lost.sum() == 0
    assert third.after.backlog.sum() == exchanged(second) + exchanged(third)


def test_the_kpi_counts_what_is_exchanged_and_is_there_only_where_anything_is() -> None:
    world = all_exchanged(on_hand=1000.0)
    totals, units = KpiTotals.start(world.parameters, 1), 0.0
    for record in world.run():
        totals = totals.add(world.parameters, record.after, record.flows, record.costs)
        units += exchanged(record)
    assert totals.by_episode()["exchanged_units_per_day"].item() == pytest.approx(units / 3)
    assert totals.by_node()["exchanged_units_per_day"][0, SHOP].item() == pytest.approx(units / 3)
    plain = all_exchanged(on_hand=1000.0, returns=ALL_BACK | {"exchange_share": 0.0})
    assert plain.run()[-1].flows.exchanged is None
    assert "exchanged_units_per_day" not in KpiTotals.start(plain.parameters, 1).by_episode()
