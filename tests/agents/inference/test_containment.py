"""Trouble stays where it is: in its cell, its lane, its node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from entrepot.agents.inference import InferenceModule, InputRefused
from tests.agents.inference.cases import Case, decided, snapshot_for, with_value

NODE, SKU = 2, 3


def touched(case: Case, node: int) -> Any:
    return (case.network.lane.origin == node) | (case.network.lane.destination == node)


@pytest.mark.parametrize(("name", "value"), [("on_hand", -3.0), ("on_hand", np.nan), ("dock", np.inf)])
def test_a_bad_cell_holds_the_lanes_into_and_out_of_its_node_for_its_sku(
    module: InferenceModule, case: Case, name: str, value: float
) -> None:
    decision = decided(module, with_value(snapshot_for(case, rows=1), name, (0, NODE, SKU), value))
    assert decision.source == ("policy",)
    np.testing.assert_array_equal(decision.contained[0, :, SKU], touched(case, NODE))
    assert not np.delete(decision.contained[0], SKU, axis=1).any()
    assert not decision.orders[decision.contained].any()


def test_stock_below_zero_is_decided_as_none_and_told(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=1)
    none = decided(module, with_value(snapshot, "on_hand", (0, NODE, SKU), 0.0))
    below = decided(module, with_value(snapshot, "on_hand", (0, NODE, SKU), -7.0))
    np.testing.assert_allclose(below.raw_orders, none.raw_orders, rtol=1e-5, atol=1e-3)
    where = f"{case.network.nodes[NODE]}, {case.network.skus[SKU]}"
    assert f"values: on_hand: -7.0 at {where}; 0 to" in below.explain()


def test_what_is_held_takes_nothing_from_what_goes_out(module: InferenceModule, case: Case) -> None:
    snapshot = with_value(snapshot_for(case, rows=1), "on_hand", (0, NODE, SKU), np.nan)
    decision = decided(module, snapshot)
    raw = np.where(decision.contained, 0, np.rint(decision.raw_orders))
    assert (decision.orders <= raw).all()
    assert not (decision.held > 0)[~decision.contained].any()


def test_a_stale_node_holds_its_lanes_and_no_others(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=2)
    age = np.full((2, len(case.network.nodes)), 10.0)
    age[1, NODE] = 90_000.0
    decision = decided(module, snapshot, age_seconds=age)
    assert decision.source == ("policy", "policy")
    assert not decision.contained[0].any()
    np.testing.assert_array_equal(decision.contained[1].all(axis=-1), touched(case, NODE))
    assert case.network.nodes[NODE] in decision.explain()


def test_a_lane_whose_state_is_not_known_is_held_alone(module: InferenceModule, case: Case) -> None:
    for name in ("lane_open", "lane_wait_days"):
        decision = decided(module, with_value(snapshot_for(case, rows=1), name, (0, 5), np.nan))
        np.testing.assert_array_equal(np.flatnonzero(decision.contained[0].any(axis=-1)), [5])


@pytest.mark.parametrize(
    "age", ["abc", [1.0, 2.0, 3.0], [[1.0]], True, None, {"now": 1}, np.ma.masked_array([1.0, 2.0], [False, True])]
)
def test_an_age_that_is_none_is_refused(module: InferenceModule, case: Case, age: Any) -> None:
    with pytest.raises(InputRefused, match="age_seconds"):
        module.decide(snapshot_for(case, rows=2), age_seconds=age)


def test_a_pipeline_cut_shorter_than_lanes_take_orders_nothing(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=1)
    decision = decided(module, {**snapshot, "pipeline": snapshot["pipeline"][..., :10]})
    assert not decision.orders.any()
    assert "pipeline: has 10 days; lanes take longer" in decision.explain()


def test_a_row_that_is_strange_names_the_place(module: InferenceModule, case: Case) -> None:
    decision = decided(module, with_value(snapshot_for(case, rows=1), "on_hand", (0, NODE, SKU), 1e9))
    assert f"at {case.network.nodes[NODE]}, {case.network.skus[SKU]}" in decision.explain()
