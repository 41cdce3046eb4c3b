"""The base stock in NumPy: the same rule as the twin's, from whatever can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from entrepot.agents.inference import InferenceModule, ModuleRefused
from entrepot.agents.inference.fallback import BaseStock
from entrepot.agents.inference.order_up_to import demand_rate, orders_from_cover
from entrepot.agents.rules.base_stock import BaseStock as TorchBaseStock
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, SNAPSHOT_FIELDS
from entrepot.training.export.graph import as_tensors
from tests.agents.inference.cases import (
    Case,
    covers,
    decided,
    kreen,
    larger_kreen,
    one_of_everything,
    snapshot_for,
    two_warehouses,
    with_value,
)

OLD = 100_000.0
"""Seconds: the policy no longer decides, and orders still go out."""
TABLE = BaseStock(
    lanes=("a", "b"),
    skus=("x", "y", "z"),
    markets=("m",),
    cover_days=np.array([[1.0, 2.0, 9.0], [4.0, np.nan, 6.0]]),
    demand_units_per_day=np.ones((1, 3)),
)


def torch_orders(case: Case, snapshot: dict[str, Any], cover: Any) -> Any:
    """The twin's own rule; due is summed here the long way round."""
    tensors = as_tensors(snapshot, SNAPSHOT_FIELDS)
    pipeline = tensors.pop("pipeline")
    known: dict[str, Any] = as_tensors(case.attributes, NETWORK_FIELDS)
    attributes = NetworkAttributes(**known)
    lanes = zip(attributes.lane_destination.tolist(), attributes.lane_window_days.tolist(), strict=True)
    due = torch.stack([pipeline[:, node, :, : window + 1].sum(dim=-1) for node, window in lanes], dim=1)
    fields: dict[str, Any] = {**tensors, "in_transit": pipeline.sum(dim=-1), "due": due}
    return (
        TorchBaseStock.midway(attributes, torch.as_tensor(cover, dtype=torch.float32))
        .decide(Snapshot(**fields))
        .orders.numpy()
    )


@pytest.mark.parametrize("make", [kreen, larger_kreen, two_warehouses, one_of_everything])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_numpy_orders_up_to_as_torch_does(make: Any, seed: int) -> None:
    case = make()
    snapshot = snapshot_for(case, rows=4, seed=seed)
    cover = covers(case)
    orders = orders_from_cover(case.attributes, snapshot, cover, demand_rate(case.attributes, snapshot["demand_slow"]))
    np.testing.assert_allclose(orders, torch_orders(case, snapshot, cover), rtol=1e-4, atol=1e-2)


def test_the_fallback_of_a_module_is_the_base_stock_it_was_exported_with(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=4)
    decision = decided(module, snapshot, age_seconds=1e9)
    np.testing.assert_allclose(decision.raw_orders, torch_orders(case, snapshot, covers(case)), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("name", ["on_hand", "dock", "pipeline"])
def test_a_cell_whose_stock_cannot_be_read_orders_nothing_and_the_others_go_on(
    module: InferenceModule, case: Case, name: str
) -> None:
    snapshot = snapshot_for(case, rows=1)
    node, sku = 2, 3
    bad = with_value(snapshot, name, (0, node, sku) + (5,) * (name == "pipeline"), np.nan)
    decision = decided(module, bad, age_seconds=OLD)
    expected = torch_orders(case, snapshot, covers(case))
    expected[:, case.attributes["lane_destination"] == node, sku] = 0
    np.testing.assert_allclose(decision.raw_orders, expected, rtol=1e-3, atol=1e-2)


def test_recent_demand_that_cannot_be_read_is_replaced_by_the_long_run(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=1)
    as_in_the_long_run = {**snapshot, "demand_slow": case.demand[None].astype(np.float32)}
    decision = decided(
        module, {**snapshot, "demand_slow": np.full_like(snapshot["demand_slow"], np.nan)}, age_seconds=OLD
    )
    expected = torch_orders(case, as_in_the_long_run, covers(case))
    np.testing.assert_allclose(decision.raw_orders, expected, rtol=1e-3, atol=1e-2)


def test_a_market_whose_backlog_cannot_be_read_stops_only_the_nodes_that_serve_it(
    module: InferenceModule, case: Case
) -> None:
    snapshot = snapshot_for(case, rows=1)
    market, sku = 1, 0
    decision = decided(module, with_value(snapshot, "backlog", (0, market, sku), -5.0), age_seconds=OLD)
    expected = torch_orders(case, snapshot, covers(case))
    serving = np.flatnonzero(case.network.market.direct_share[:, market])
    expected[:, np.isin(case.attributes["lane_destination"], serving), sku] = 0
    np.testing.assert_allclose(decision.raw_orders, expected, rtol=1e-3, atol=1e-2)


def test_stock_that_cannot_be_read_is_not_given_away(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=1)
    bad = {**snapshot, "on_hand": np.array(snapshot["on_hand"])}
    bad["on_hand"][0, 0] = np.nan
    orders = decided(module, bad).orders
    assert not orders[:, case.attributes["lane_origin"] == 0].any()


def test_cells_that_are_not_listed_take_the_lanes_median() -> None:
    cover = TABLE.cover_for(["b", "a"], ["z", "new", "y"], np.array([10.0, 20.0]))
    np.testing.assert_allclose(cover, [[6.0, 5.0, 5.0], [9.0, 2.0, 2.0]])


def test_a_lane_that_is_not_listed_covers_its_lead_time_and_two_weeks() -> None:
    np.testing.assert_allclose(TABLE.cover_for(["new"], ["x", "y"], np.array([10.5])), [[24.5, 24.5]])


def test_the_file_says_the_same_when_read_again() -> None:
    again = BaseStock.from_json(TABLE.to_json())
    assert again.lanes == TABLE.lanes
    np.testing.assert_array_equal(
        again.cover_for(TABLE.lanes, TABLE.skus, np.zeros(2)), TABLE.cover_for(TABLE.lanes, TABLE.skus, np.zeros(2))
    )


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"format": "other"}',
        TABLE.to_json().decode().replace("9.0", "-9.0"),
        '{"format": NaN}',
        TABLE.to_json().decode().replace("9.0", "NaN"),
        TABLE.to_json().decode().replace("9.0", '"many"'),
    ],
)
def test_a_file_that_is_no_base_stock_is_refused(text: str) -> None:
    with pytest.raises(ModuleRefused, match=r"fallback\.json"):
        BaseStock.from_json(text.encode())


def test_names_find_the_covers_of_a_network_in_another_order(module: InferenceModule, folder: Path) -> None:
    larger = larger_kreen()
    snapshot = snapshot_for(larger, rows=1)
    decision = decided(
        module,
        snapshot,
        larger.attributes,
        lane_names=larger.network.lanes,
        sku_names=larger.network.skus,
        age_seconds=1e9,
    )
    table = BaseStock.from_json((folder / "fallback.json").read_bytes())
    cover = table.cover_for(larger.network.lanes, larger.network.skus, larger.network.lane.lead_days)
    np.testing.assert_allclose(decision.raw_orders, torch_orders(larger, snapshot, cover), rtol=1e-3, atol=1e-2)
