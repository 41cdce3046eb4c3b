from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entrepot.agents.inference import InferenceModule, load
from entrepot.agents.recorded import RecordedDecision, decide_from_records
from entrepot.command_line.modules import RELEASED
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.snapshot import Records, textbook_cover_days

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "my_network"
MIDNIGHT = "2026-11-25T00:00Z"


@cache
def module() -> InferenceModule:
    return load(ROOT / "checkpoints" / "released" / RELEASED)


def decide(network: NetworkDescription | None = None, **changed: Any) -> RecordedDecision:
    """The example's decision, with some records changed."""
    files = {name: EXAMPLE / f"{name}.csv" for name in ("stock", "sales", "shipments", "orders")}
    options = {name: changed.pop(name) for name in ("lane_open", "lane_wait_days", "covers") if name in changed}
    network = network or load_network(str(EXAMPLE / "my_network.yaml"))
    return decide_from_records(module(), network, Records(**{**files, **changed}), "2026-11-25", **options)


def test_the_example_orders_whole_units_on_lanes_that_carry_them() -> None:
    decided = decide()
    assert decided.decision.source == ("policy",)
    assert decided.age_seconds.tolist() == [[7200, 0]]  # 06:00 in China, 22:00 in California
    orders = decided.orders()
    assert {(order.origin, order.destination, order.mode) for order in orders} == {
        ("factory", "shenzhen", "truck"),
        ("shenzhen", "california", "sea"),
    }
    assert all(order.units > 0 and order.held == 0 for order in orders)


def test_goods_that_are_ordered_already_are_not_ordered_again() -> None:
    first = decide()
    lamps = sum(order.units for order in first.orders() if order.origin == "factory" and order.sku == "lamp")
    placed = {"lane": "factory->shenzhen:truck", "sku": "lamp", "ordered": "2026-11-25"}
    again = decide(orders=[{**placed, "units": 20}, {**placed, "units": lamps}])
    assert sum(order.units for order in again.orders() if order.origin == "factory" and order.sku == "lamp") <= 1


def test_a_closed_lane_orders_nothing_and_a_minimum_order_holds() -> None:
    closed = decide(lane_open={"shenzhen→california:sea": 0.0})
    assert not [order for order in closed.orders() if order.mode == "sea"]
    network = load_network(str(EXAMPLE / "my_network.yaml"))
    factory = network.suppliers["factory"].model_copy(update={"minimum_order_units": 500.0})
    minimum = decide(network.model_copy(update={"suppliers": {"factory": factory}}))
    assert not [order for order in minimum.orders() if order.origin == "factory" and order.units < 500]


def test_of_another_network_the_textbook_and_the_records_stand_for_what_the_module_knows() -> None:
    decided = decide()
    arrays = decided.snapshot.network
    np.testing.assert_array_equal(decided.attributes["base_cover_days"], textbook_cover_days(arrays))
    assert (decided.snapshot.demand.month_index == 1).all()
    told = [str(remark) for remark in decided.remarks]
    assert any("base covers are the textbook's, as the policy was tuned for kreen" in text for text in told)


def test_of_its_own_network_the_module_knows_demand_and_covers_by_name() -> None:
    network = load_network("kreen")
    arrays = NetworkArrays.from_description(network)
    stock = [
        {"node": node, "sku": sku, "on_hand": 40, "as_of": MIDNIGHT} for node in arrays.nodes for sku in arrays.skus
    ]
    sales = [
        {"date": "2026-11-24", "sku": sku, "market": market, "units": 1}
        for market in arrays.markets
        for sku in arrays.skus
    ]
    decided = decide_from_records(module(), network, Records(stock, sales), "2026-11-25")
    names, demand = module().manifest.names, module().manifest.demand
    row, column = names.markets.index(arrays.markets[-1]), names.skus.index(arrays.skus[5])
    assert decided.snapshot.demand.mean[-1, 5] == demand.demand_mean[row, column]
    np.testing.assert_array_equal(decided.snapshot.demand.month_index, demand.month_index)
    lane = names.lanes.index(arrays.lanes[7])
    assert decided.attributes["base_cover_days"][7, 5] == module().network["base_cover_days"][lane, column]
    assert len(decided.orders()) > 0


def test_a_lane_that_does_not_depart_today_orders_nothing_today() -> None:
    waits = decide(lane_wait_days={"shenzhen→california:sea": 7})
    assert not [order for order in waits.orders() if order.mode == "sea"]
    assert waits.snapshot.arrays["lane_wait_days"].tolist() == [[0, 7, 0]]


def test_covers_that_are_told_are_used_and_others_are_the_textbooks() -> None:
    sea = "shenzhen→california:sea"
    decided = decide(covers={sea: {"lamp": 90.0}})
    cover, textbook = decided.attributes["base_cover_days"], textbook_cover_days(decided.snapshot.network)
    assert cover[1].tolist() == [textbook[1, 0], 90.0]
    assert any("the textbook's in 5 of 6 cells" in str(remark) for remark in decided.remarks)
    for wrong in ({sea: {"lamp": -1.0}}, {sea: {"lmp": 1.0}}, {"shenzhen→california:ship": {"lamp": 1.0}}):
        with pytest.raises(ConfigurationError, match="covers: shenzhen→california"):
            decide(covers=wrong)


def test_a_node_without_stock_records_orders_nothing_and_sends_nothing() -> None:
    rows = [
        {"node": "shenzhen", "sku": sku, "on_hand": units, "as_of": MIDNIGHT}
        for sku, units in (("kettle", 150), ("lamp", 90))
    ]
    assert decide(stock=rows).orders() == [
        order for order in decide(stock=rows).orders() if order.destination == "shenzhen"
    ]


def test_stock_of_an_unknown_age_is_refused_before_anything_is_decided() -> None:
    rows = [{"node": "shenzhen", "sku": "kettle", "on_hand": 150}]
    with pytest.raises(ConfigurationError, match="--as-of"):
        decide(stock=rows)
    assert decide(stock=rows, as_of="2026-11-24T12:00Z").age_seconds.max() == 12 * 3600


def test_records_are_a_plain_record() -> None:
    records = Records(stock="stock.csv", sales="sales.csv")
    assert replace(records, orders="orders.csv").stock == "stock.csv"
