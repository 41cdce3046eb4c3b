"""Whatever is given: a decision, a reason, or a refusal; never anything else, and never an order that can't be."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.agents.inference import InferenceModule, InputRefused, Limits, Tolerance, load
from tests.agents.inference.cases import Case, decided, kreen, snapshot_for
from tests.agents.inference.test_ladder import Watched


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("on_hand", lambda values: np.ma.masked_array(values, values > 5)),
        ("on_hand", lambda values: values.astype(object)),
        ("lane_wait_days", lambda values: values.astype("timedelta64[D]")),
        ("day_of_year", lambda values: values.astype("datetime64[D]")),
        ("lane_open", pd.DataFrame),
        ("on_hand", lambda values: [*values.tolist()[:1], [1.0]]),
        ("on_hand", lambda values: None),
        ("on_hand", lambda values: "many"),
        ("on_hand", lambda values: values.view(np.recarray)),
        ("pipeline", lambda values: values[..., :0]),
    ],
)
def test_what_is_no_plain_array_is_a_reason_and_is_not_read(
    module: InferenceModule, case: Case, name: str, make: Any
) -> None:
    snapshot = snapshot_for(case)
    decision = decided(module, {**snapshot, name: make(snapshot[name])})
    assert decision.source == ("fallback", "fallback")
    assert f"schema: {name}: " in decision.explain()


def test_a_half_precision_infinity_is_seen_after_the_cast(module: InferenceModule, case: Case) -> None:
    watched = Watched(module._session)
    module._session = watched
    snapshot = snapshot_for(case)
    backlog = snapshot["backlog"].astype(np.float16)
    backlog[1, 0, 0] = np.inf
    decision = decided(module, {**snapshot, "backlog": backlog})
    assert decision.orders.min() >= 0
    assert "values: backlog: inf" in str(decision.reasons[1][0])
    assert all(np.isfinite(values).all() for values in watched.fed[0].values())


@pytest.mark.parametrize(("kind", "units"), [(np.int16, 30_000), (np.uint8, 200), (np.int8, 100), (np.uint64, 50)])
def test_whole_numbers_of_any_width_are_stock_as_floats_are(
    module: InferenceModule, case: Case, kind: Any, units: int
) -> None:
    snapshot = snapshot_for(case)
    stock = np.full(snapshot["on_hand"].shape, units, kind)
    for age in (1.0, 100_000.0):
        whole = decided(module, {**snapshot, "on_hand": stock, "dock": stock}, age_seconds=age)
        double = decided(module, {**snapshot, "on_hand": stock * 1.0, "dock": stock * 1.0}, age_seconds=age)
        np.testing.assert_array_equal(whole.raw_orders, double.raw_orders)


@pytest.mark.parametrize(
    "arguments",
    [
        {"limits": None},
        {"tolerance": None},
        {"tolerance": Tolerance(margin=np.nan)},
        {"tolerance": Tolerance(share=np.nan)},
        {"tolerance": Tolerance(margin=-1.0)},
        {"tolerance": Tolerance(margin="wide")},  # type: ignore[arg-type]
        {"deadline_seconds": 0.0},
        {"deadline_seconds": "soon"},
        {"deadline_seconds": np.nan},
        {"age_seconds": "old"},
        {"lane_names": "abc"},
        {"sku_names": [1, 2, 3, 4, 5, 6]},
        {"sku_names": ["a", "a", "b", "c", "d", "e"]},
        {"network": 5},
        {"limits": Limits(pack_units=np.full(6, np.inf))},
        {"limits": Limits(replaces=1)},  # type: ignore[arg-type]
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(
    module: InferenceModule, case: Case, arguments: dict[str, Any]
) -> None:
    with pytest.raises(InputRefused, match=next(iter(arguments))):
        decided(module, snapshot_for(case), **arguments)


@pytest.mark.parametrize("snapshot", [None, 5, "abc", [1, 2]])
def test_what_is_no_mapping_is_refused(module: InferenceModule, snapshot: Any) -> None:
    with pytest.raises(InputRefused, match="snapshot: "):
        decided(module, snapshot)


def test_a_mapping_that_fails_when_it_is_read_is_refused(module: InferenceModule, case: Case) -> None:
    class Broken(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise OSError("the mirror is gone")

    with pytest.raises(InputRefused, match="the mirror is gone"):
        decided(module, Broken(snapshot_for(case)))


def test_an_empty_batch_has_an_empty_answer(module: InferenceModule, case: Case) -> None:
    empty = {name: values[:0] for name, values in snapshot_for(case).items()}
    for limits in (Limits(), Limits(budget_usd=1.0), Limits(supplier_units=np.ones(9))):
        decision = decided(module, empty, limits=limits)
        assert decision.orders.shape == (0, *case.network.lane.carries.shape)
        assert decision.source == ()


def test_a_network_whose_lanes_take_longer_than_the_pipeline_is_known_orders_nothing(
    module: InferenceModule, case: Case
) -> None:
    huge = {
        **case.attributes,
        "lane_lead_days": np.full_like(case.attributes["lane_lead_days"], 1e12),
        "demand_mean": np.full_like(case.attributes["demand_mean"], 1e12),
    }
    decision = decided(module, snapshot_for(case), huge, age_seconds=100_000.0)
    assert not decision.orders.any()
    assert "schema: pipeline: has 69 days; lanes take longer" in decision.explain()


def test_a_network_with_one_bad_figure_orders_nothing_in_the_shape_asked_for(
    module: InferenceModule, case: Case
) -> None:
    larger = kreen(9)
    network = {**larger.attributes, "value_usd": np.full(9, np.nan)}
    limits = Limits(pack_units=np.ones(9))
    decision = decided(module, snapshot_for(larger), network, limits=limits)
    assert decision.orders.shape == (2, *larger.network.lane.carries.shape)
    assert not decision.orders.any()


def test_the_modules_network_cannot_be_changed(module: InferenceModule) -> None:
    with pytest.raises(TypeError):
        module.network["value_usd"] = np.zeros(6)  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        module.network["value_usd"][0] = 1.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        module.network["value_usd"].flags.writeable = True


def test_goods_that_cost_nothing_are_decided_by_the_policy(module: InferenceModule, case: Case) -> None:
    network = {**case.attributes, "value_usd": np.where(np.arange(6) == 0, 0.0, case.attributes["value_usd"])}
    decision = decided(module, snapshot_for(case), network)
    assert decision.source == ("policy", "policy")


def test_a_large_batch_is_decided_as_its_pieces_are(
    module: InferenceModule, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = snapshot_for(case, rows=7)
    whole = decided(module, snapshot, limits=Limits(budget_usd=np.arange(7) * 1000.0), age_seconds=np.arange(7) * 3e4)
    monkeypatch.setattr("entrepot.agents.inference.module.CHUNK_VALUES", 1)
    pieces = decided(module, snapshot, limits=Limits(budget_usd=np.arange(7) * 1000.0), age_seconds=np.arange(7) * 3e4)
    np.testing.assert_allclose(pieces.raw_orders, whole.raw_orders, rtol=1e-4, atol=1e-2)
    assert pieces.source == whole.source
    assert [len(row) for row in pieces.reasons] == [len(row) for row in whole.reasons]
    for name, values in whole.explanations.items():
        np.testing.assert_allclose(pieces.explanations[name], values, rtol=1e-3, atol=1e-2)


ODDITIES: list[Any] = [
    None, True, "text", b"bytes", 5, float("nan"), [], [[1], [2, 3]], {}, object(), datetime.date(2026, 1, 1),
    np.float16(np.inf), np.array("x"), np.array([None]), np.array(1j), np.zeros((0, 0)), np.ma.masked,
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_but_decisions_and_refusals_comes_out(
    fuzzed: tuple[InferenceModule, Case], data: st.DataObject
) -> None:
    module, case = fuzzed
    snapshot: dict[str, Any] = dict(snapshot_for(case, seed=data.draw(st.integers(0, 5))))
    for name in data.draw(st.lists(st.sampled_from(sorted(snapshot)), max_size=3, unique=True)):
        how = data.draw(st.integers(0, 3))
        if how == 0:
            snapshot[name] = data.draw(st.sampled_from(ODDITIES))
        elif how == 1:
            del snapshot[name]
        else:
            values = snapshot[name].astype(data.draw(st.sampled_from(["f2", "f4", "f8", "i1", "u8"])), copy=True)
            wild = data.draw(st.sampled_from([np.nan, np.inf, -1.0, 1e300, 2.0**63, 0.0]))
            with np.errstate(all="ignore"):
                values.flat[data.draw(st.integers(0, values.size - 1))] = np.asarray(wild).astype(values.dtype)
            snapshot[name] = values
    try:
        decision = module.decide(snapshot, age_seconds=data.draw(st.sampled_from([1.0, 1e5, 1e9, np.nan, "x", None])))
    except InputRefused:
        return
    assert decision.orders.dtype == np.int64
    assert ((decision.orders >= 0) & (decision.orders <= 2**53)).all()
    assert not decision.orders[decision.contained].any()


@pytest.fixture(scope="module")
def fuzzed(folder: Path) -> tuple[InferenceModule, Case]:
    return load(folder), kreen()


def test_the_same_network_again_is_decided_alike_and_one_changed_in_place_is_seen(
    module: InferenceModule, case: Case
) -> None:
    snapshot = snapshot_for(case)
    network = {name: np.array(values) for name, values in case.attributes.items()}
    first, again = decided(module, snapshot, network), decided(module, snapshot, network)
    np.testing.assert_array_equal(again.orders, first.orders)
    for name, value in (("value_usd", np.nan), ("lane_destination", 1000)):
        kept = network[name][0]
        network[name][0] = value
        assert not decided(module, snapshot, network).orders.any()
        network[name][0] = kept
    network["base_cover_days"] *= 2
    fresh = {name: np.array(values) for name, values in network.items()}
    np.testing.assert_array_equal(
        decided(module, snapshot, network).raw_orders, decided(module, snapshot, fresh).raw_orders
    )
    assert (decided(module, snapshot, network).raw_orders != first.raw_orders).any()


def test_the_same_network_under_other_names_is_another(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case)
    assert decided(module, snapshot, case.attributes).lanes == module.manifest.names.lanes
    names = [f"new {lane}" for lane in case.network.lanes]
    assert decided(module, snapshot, case.attributes, lane_names=names).lanes == tuple(names)
    names[0] = "newer"
    assert decided(module, snapshot, case.attributes, lane_names=names).lanes[0] == "newer"
    assert decided(module, snapshot).lanes == module.manifest.names.lanes
