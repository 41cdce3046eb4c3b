"""Each rung of the ladder: what falls, why, and what never reaches the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from entrepot.agents.inference import Decision, InferenceModule, InputRefused, Limits, Tolerance
from tests.agents.inference.cases import Case, decided, kreen, larger_kreen, snapshot_for, two_warehouses, with_value

ANYTHING = Tolerance(margin=1e9)


class Watched:
    """A real session that remembers what it was given."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.fed: list[dict[str, NDArray[Any]]] = []

    def run(self, names: Sequence[str] | None, feed: Mapping[str, NDArray[Any]]) -> Sequence[Any]:
        self.fed.append(dict(feed))
        outputs: Sequence[Any] = self._session.run(names, feed)
        return outputs


@pytest.fixture
def session(module: InferenceModule) -> Watched:
    watched = Watched(module._session)
    module._session = watched
    return watched


def rungs(decision: Decision, row: int = 0) -> list[str]:
    return [reason.rung for reason in decision.reasons[row]]


def fallback_reason(decision: Decision, row: int = 0) -> str:
    assert decision.source[row] == "fallback"
    return str(decision.reasons[row][0])


def test_an_ordinary_snapshot_is_decided_by_the_policy(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=5, seed=3)
    decision = decided(module, snapshot, age_seconds=10.0)
    assert decision.source == ("policy",) * 5
    assert decision.orders.shape == (5, len(case.network.lanes), len(case.network.skus))
    assert decision.orders.dtype == np.int64
    assert decision.orders.sum() > 0


def test_a_batch_decides_as_its_rows_do_one_by_one(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=5, seed=4)
    together = decided(module, snapshot)
    for row in range(5):
        alone = decided(module, {name: values[row : row + 1] for name, values in snapshot.items()})
        np.testing.assert_allclose(alone.raw_orders[0], together.raw_orders[row], rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0, 1e30])
@pytest.mark.parametrize(
    "name",
    [
        "on_hand",
        "dock",
        "pipeline",
        "backlog",
        "demand_fast",
        "demand_slow",
        "demand_square",
        "lane_wait_days",
        "lane_open",
        "equipment",
        "storage_price",
    ],
)
def test_no_value_that_is_not_a_valid_figure_reaches_the_graph_and_its_row_is_decided_all_the_same(
    module: InferenceModule, session: Watched, case: Case, name: str, value: float
) -> None:
    snapshot = snapshot_for(case, rows=3)
    bad = with_value(snapshot, name, (1,) + (0,) * (snapshot[name].ndim - 1), value)
    decision = decided(module, bad)
    assert decision.source == ("policy", "policy", "policy")
    assert str(decision.reasons[1][0]).startswith(f"values: {name}: ")
    assert not decision.reasons[0] or decision.reasons[0][0].rung == "feasibility"
    for given in session.fed[0].values():
        assert np.isfinite(given).all()
        assert (given >= 0).all()


def test_a_season_that_cannot_be_read_concerns_the_whole_row(
    module: InferenceModule, session: Watched, case: Case
) -> None:
    decision = decided(module, with_value(snapshot_for(case, rows=2), "season_ahead", (1, 4), np.nan))
    assert decision.source == ("policy", "fallback")
    assert fallback_reason(decision, 1).startswith("values: season_ahead: nan at [4]")
    assert len(session.fed[0]["on_hand"]) == 1


def test_nothing_goes_out_when_no_stock_is_known(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=2)
    decision = decided(module, {**snapshot, "on_hand": np.full_like(snapshot["on_hand"], np.nan)})
    assert not decision.orders.any()
    assert decision.contained.all()


@pytest.mark.parametrize("age", [86_401.0, -1.0, np.nan, np.inf])
def test_a_stale_snapshot_never_reaches_the_graph(
    module: InferenceModule, session: Watched, case: Case, age: float
) -> None:
    decision = decided(module, snapshot_for(case), age_seconds=age)
    assert decision.source == ("fallback", "fallback")
    assert fallback_reason(decision).startswith("freshness: age_seconds: ")
    assert not session.fed


def test_only_the_stale_rows_of_a_batch_fall(module: InferenceModule, session: Watched, case: Case) -> None:
    decision = decided(module, snapshot_for(case), age_seconds=[1e6, 5.0])
    assert decision.source == ("fallback", "policy")
    assert len(session.fed[0]["on_hand"]) == 1


@pytest.mark.parametrize("age", [2 * 86_400.0 + 1, 1e9, np.nan, np.inf, -1.0])
def test_beyond_a_second_age_nothing_goes_out_and_what_would_is_shown(
    module: InferenceModule, case: Case, age: float
) -> None:
    decision = decided(module, snapshot_for(case), age_seconds=age)
    assert not decision.orders.any()
    assert decision.held.any()
    assert "nothing goes out" in decision.explain()


def test_between_the_two_ages_the_fallback_orders(module: InferenceModule, case: Case) -> None:
    decision = decided(module, snapshot_for(case), age_seconds=100_000.0)
    assert decision.source == ("fallback", "fallback")
    assert decision.orders.any()


def test_an_age_must_be_told(module: InferenceModule, case: Case) -> None:
    with pytest.raises(InputRefused, match="age_seconds: missing"):
        module.decide(snapshot_for(case))


def test_a_missing_field_sends_all_rows_to_the_fallback(module: InferenceModule, session: Watched, case: Case) -> None:
    snapshot = snapshot_for(case)
    del snapshot["season_ahead"]
    decision = decided(module, snapshot)
    assert decision.source == ("fallback", "fallback")
    assert fallback_reason(decision) == "schema: season_ahead: missing; [B, W] ratio is required"
    assert decision.orders.any(), "base stock doesn't need the season"
    assert not session.fed


def test_a_field_of_the_wrong_shape_says_which_was_due(module: InferenceModule, session: Watched, case: Case) -> None:
    snapshot = snapshot_for(case)
    decision = decided(module, {**snapshot, "on_hand": snapshot["on_hand"][:, :, :-1]})
    assert "schema: on_hand: has shape [2, 9, 5]; [B, N, S] = [2, 9, 6] is required" in fallback_reason(decision)
    assert not session.fed


@pytest.mark.parametrize(
    ("name", "kind"), [("on_hand", object), ("on_hand", complex), ("weekday", float), ("dock", "U4")]
)
def test_a_field_of_the_wrong_type_says_which_was_due(
    module: InferenceModule, session: Watched, case: Case, name: str, kind: Any
) -> None:
    snapshot = snapshot_for(case)
    decision = decided(module, {**snapshot, name: snapshot[name].astype(kind)})
    assert fallback_reason(decision).startswith(f"schema: {name}: is of type")
    assert not session.fed


def test_an_empty_snapshot_orders_nothing_and_says_why(module: InferenceModule, session: Watched) -> None:
    decision = decided(module, {})
    assert decision.source == ("fallback",)
    assert not decision.orders.any()
    assert not session.fed


def test_fields_unknown_to_the_module_are_left_alone(module: InferenceModule, case: Case) -> None:
    assert decided(module, {**snapshot_for(case), "moon_phase": np.ones(2)}).source == ("policy", "policy")


def test_double_precision_is_as_good_as_single(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case)
    double = {
        name: values.astype(np.float64 if values.dtype.kind == "f" else np.int32) for name, values in snapshot.items()
    }
    np.testing.assert_array_equal(decided(module, double).orders, decided(module, snapshot).orders)


def test_a_row_unlike_those_of_training_is_held_as_a_whole(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case)
    snapshot["on_hand"][0] *= 100
    decision = decided(module, snapshot)
    assert not decision.orders[0].any()
    assert decision.orders[1].any() == decided(module, snapshot_for(case)).orders[1].any()
    assert "envelope: on_hand_days: " in str(decision.reasons[0][0])
    assert not decided(module, snapshot, tolerance=ANYTHING).contained.any()


def test_one_strange_sku_among_many_holds_its_own_lanes_only(module: InferenceModule, case: Case) -> None:
    strange = with_value(snapshot_for(case), "on_hand", (0, 0, 0), 1e6)
    decision = decided(module, strange)
    network = case.network
    touched = (network.lane.origin == 0) | (network.lane.destination == 0)
    np.testing.assert_array_equal(decision.contained[0, :, 0], touched)
    assert not decision.contained[0, :, 1:].any()
    assert decided(module, strange, tolerance=Tolerance(share=0.0)).contained[0].all()


@pytest.mark.parametrize("answer", [np.nan, np.inf, -1.0])
def test_a_policy_that_answers_nonsense_is_replaced_row_by_row(
    module: InferenceModule, case: Case, answer: float
) -> None:
    class Poisoned(Watched):
        def run(self, names: Sequence[str] | None, feed: Mapping[str, NDArray[Any]]) -> Sequence[Any]:
            orders = np.array(super().run(names, feed)[0])
            orders[1, 0, 0] = answer
            return [orders]

    module._session = Poisoned(module._session)
    decision = decided(module, snapshot_for(case, rows=3))
    assert decision.source == ("policy", "fallback", "policy")
    assert fallback_reason(decision, 1).startswith("policy: orders: ")
    assert np.isfinite(decision.raw_orders).all()


def test_a_graph_that_fails_is_replaced_by_the_fallback(module: InferenceModule, case: Case) -> None:
    class Failing(Watched):
        def run(self, names: Sequence[str] | None, feed: Mapping[str, NDArray[Any]]) -> Sequence[Any]:
            return super().run(names, {name: values for name, values in feed.items() if name != "on_hand"})

    module._session = Failing(module._session)
    decision = decided(module, snapshot_for(case))
    assert decision.source == ("fallback", "fallback")
    assert fallback_reason(decision).startswith("policy: the graph failed")
    assert decision.orders.any()


def test_orders_are_cut_to_the_budget_and_the_cut_is_told(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, seed=5)
    from_supplier = case.attributes["lane_origin"] >= len(case.network.nodes)
    price = case.attributes["lane_landed_usd"] + from_supplier[:, None] * case.attributes["value_usd"]
    budget = 0.5 * (decided(module, snapshot).orders * price).sum(axis=(1, 2)).max()
    assert budget > 0
    decision = decided(module, snapshot, limits=Limits(budget_usd=budget))
    assert ((decision.orders * price).sum(axis=(1, 2)) <= budget + 1e-6).all()
    assert "feasibility" in rungs(decision)
    assert decision.source == ("policy", "policy")


def test_large_orders_are_held_for_a_person(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, seed=5)
    free = decided(module, snapshot).orders
    limit = float(np.median(free.sum(axis=-1)[free.sum(axis=-1) > 0]))
    decision = decided(module, snapshot, limits=Limits(approval_units=limit))
    np.testing.assert_array_equal(decision.needs_approval, free.sum(axis=-1) > limit)
    np.testing.assert_array_equal(decision.orders + decision.held, free)
    assert not decision.orders[decision.needs_approval].any()
    assert decision.needs_approval.any()
    assert any("approval: approval_units: lane" in str(reason) for row in decision.reasons for reason in row)


def test_orders_are_held_by_value_too(module: InferenceModule, case: Case) -> None:
    decision = decided(module, snapshot_for(case), limits=Limits(approval_usd=0.0))
    assert not decision.orders.any()
    assert decision.held.any()


def test_one_more_sku_and_one_more_lane_are_decided_without_a_new_export(module: InferenceModule) -> None:
    larger = larger_kreen()
    decision = decided(module, snapshot_for(larger), larger.attributes, tolerance=ANYTHING)
    assert decision.source == ("policy", "policy")
    assert decision.orders.shape == (2, len(kreen().network.lanes) + 1, len(kreen().network.skus) + 1)


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("lane_destination", lambda values: values + 100, "values: lane_destination: 108 points at nothing"),
        ("value_usd", lambda values: values * np.nan, "values: value_usd: nan at [0] and 5 more"),
        ("volume_m3", lambda values: -values, "values: volume_m3: "),
        ("echelon_share", lambda values: values[:-1], "schema: echelon_share: has shape"),
    ],
)
def test_a_network_that_makes_no_sense_never_reaches_the_graph(
    module: InferenceModule, session: Watched, case: Case, name: str, change: Any, expected: str
) -> None:
    network = {**case.attributes, name: change(case.attributes[name])}
    decision = decided(module, snapshot_for(case), network)
    assert expected in decision.explain()
    assert decision.orders.shape[1:] == case.network.lane.carries.shape
    assert not decision.orders.any()
    assert not session.fed


def test_a_snapshot_of_another_network_orders_nothing(module: InferenceModule) -> None:
    decision = decided(module, snapshot_for(two_warehouses()))
    assert set(decision.source) == {"fallback"}
    assert not decision.orders.any()
    assert not decision.held.any()


def test_names_that_do_not_fit_the_network_are_an_error(module: InferenceModule, case: Case) -> None:
    with pytest.raises(InputRefused, match="sku_names: 1 names for 6"):
        decided(module, snapshot_for(case), sku_names=["one"])


def test_many_threads_decide_as_one_does(module: InferenceModule, case: Case) -> None:
    snapshots = [snapshot_for(case, seed=seed) for seed in range(6)]
    alone = [decided(module, snapshot) for snapshot in snapshots]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(partial(decided, module), snapshots * 8))
    for index, decision in enumerate(together):
        expected = alone[index % len(snapshots)]
        np.testing.assert_array_equal(decision.raw_orders, expected.raw_orders)
        np.testing.assert_array_equal(decision.orders, expected.orders)
        assert decision.reasons == expected.reasons


def test_deciding_leaves_the_inputs_as_they_were(module: InferenceModule, case: Case) -> None:
    snapshot = with_value(snapshot_for(case), "on_hand", (0, 0, 0), np.nan)
    before = {name: values.copy() for name, values in snapshot.items()}
    decided(module, snapshot)
    for name, values in before.items():
        np.testing.assert_array_equal(snapshot[name], values)


def test_a_decision_explains_itself_in_a_line_a_row(module: InferenceModule, case: Case) -> None:
    text = decided(module, snapshot_for(case), age_seconds=[0.0, 1e6]).explain()
    assert text.splitlines()[0].startswith("row 0: policy")
    assert text.splitlines()[1].startswith("row 1: fallback; freshness: age_seconds: 1e+06 s")
