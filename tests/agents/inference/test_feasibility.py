"""Projection: whatever is asked, what comes out can be carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from entrepot.agents.inference import InputRefused, Limits
from entrepot.agents.inference.feasibility import bounds_of, project, spend_usd
from entrepot.agents.inference.rows import Rows

TOLERANCE = 1e-6


@dataclass(frozen=True)
class World:
    """N nodes, K suppliers, L lanes, S SKUs with random figures."""

    rows: int
    network: dict[str, NDArray[Any]]
    raw: NDArray[np.float64]
    on_hand: NDArray[np.float64]
    lane_open: NDArray[np.float64]
    suppliers: int

    def project(self, limits: Limits) -> tuple[NDArray[np.int64], Rows]:
        rows = Rows(self.rows)
        bounds = bounds_of(limits, self.network, self.rows)
        return project(self.raw, bounds, self.network, self.on_hand, self.lane_open, rows), rows


def world(seed: int, scale: float = 20.0) -> World:
    rng = np.random.default_rng(seed)
    rows, nodes, suppliers, lanes, skus = (
        rng.integers(1, 4),
        *rng.integers(1, 4, 2),
        rng.integers(1, 7),
        rng.integers(1, 5),
    )
    network = {
        "lane_origin": np.append(rng.integers(0, nodes + suppliers, lanes - 1), nodes + suppliers - 1),
        "lane_carries": (rng.random((lanes, skus)) < 0.8).astype(float),
        "lane_landed_usd": rng.uniform(0, 5, (lanes, skus)),
        "value_usd": rng.uniform(1, 30, skus),
        "volume_m3": rng.uniform(0.001, 0.5, skus),
        "capacity_m3": np.ones(nodes),
        "echelon_share": np.ones((nodes, 1, skus)),
    }
    return World(
        rows=int(rows),
        network=network,
        raw=rng.exponential(scale, (rows, lanes, skus)),
        on_hand=np.rint(rng.uniform(0, 30, (rows, nodes, skus))) * (rng.random((rows, nodes, skus)) < 0.8),
        lane_open=rng.choice([0.0, 0.5, 1.0], (rows, lanes)),
        suppliers=int(suppliers),
    )


def limits_for(case: World, seed: int) -> Limits:
    rng = np.random.default_rng(seed)
    lanes, skus = case.network["lane_carries"].shape

    def sometimes(value: Any) -> Any:
        return value if rng.random() < 0.7 else None

    return Limits(
        lane_m3=sometimes(rng.uniform(0, 5, lanes)),
        supplier_units=sometimes(rng.integers(0, 100, case.suppliers)),
        minimum_order_units=sometimes(rng.integers(0, 20, lanes)),
        pack_units=sometimes(rng.integers(1, 8, skus)),
        budget_usd=sometimes(rng.uniform(0, 2000, case.rows)),
    )


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_orders_never_exceed_any_limit(seed: int) -> None:
    case = world(seed)
    limits = limits_for(case, seed + 1)
    orders, _ = case.project(limits)
    network = case.network
    assert (orders >= 0).all()
    assert not orders[:, network["lane_carries"] < 0.5].any()
    assert not orders[case.lane_open == 0].any()
    for node in range(case.on_hand.shape[1]):
        given_away = orders[:, network["lane_origin"] == node].sum(axis=1)
        assert (given_away <= case.on_hand[:, node]).all()
    if limits.pack_units is not None:
        assert not (orders % np.asarray(limits.pack_units)).any()
    if limits.lane_m3 is not None:
        load = (orders * network["volume_m3"]).sum(axis=-1)
        assert (load <= np.asarray(limits.lane_m3) * case.lane_open + TOLERANCE).all()
    if limits.supplier_units is not None:
        for supplier, units in enumerate(np.asarray(limits.supplier_units)):
            lanes = network["lane_origin"] == case.on_hand.shape[1] + supplier
            assert (orders[:, lanes].sum(axis=(1, 2)) <= units).all()
    if limits.minimum_order_units is not None:
        least = np.asarray(limits.minimum_order_units)[:, None]
        assert ((orders == 0) | (orders >= least)).all()
    if limits.budget_usd is not None:
        assert ((orders * spend_usd(network)).sum(axis=(1, 2)) <= np.asarray(limits.budget_usd) + TOLERANCE).all()


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_orders_that_nothing_limits_are_only_rounded(seed: int) -> None:
    case = world(seed)
    plenty = World(
        case.rows, case.network, case.raw, np.full_like(case.on_hand, 1e9), np.ones_like(case.lane_open), case.suppliers
    )
    orders, rows = plenty.project(Limits())
    np.testing.assert_array_equal(orders, np.rint(case.raw) * (case.network["lane_carries"] > 0.5))
    told = [reason.field for reasons in rows.reasons for reason in reasons]
    assert set(told) <= {"lane_open"}


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_projecting_twice_changes_nothing(seed: int) -> None:
    case = world(seed)
    limits = limits_for(case, seed + 1)
    once, _ = case.project(limits)
    again = World(case.rows, case.network, once.astype(float), case.on_hand, case.lane_open, case.suppliers)
    np.testing.assert_array_equal(again.project(limits)[0], once)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_an_origin_gives_all_it_has_when_more_is_asked(seed: int) -> None:
    case = world(seed, scale=100.0)
    everything = {**case.network, "lane_carries": np.ones_like(case.network["lane_carries"])}
    open_world = World(case.rows, everything, case.raw, case.on_hand, np.ones_like(case.lane_open), case.suppliers)
    orders, _ = open_world.project(Limits())
    for node in range(case.on_hand.shape[1]):
        lanes = case.network["lane_origin"] == node
        asked = np.rint(case.raw[:, lanes]).sum(axis=1)
        np.testing.assert_array_equal(orders[:, lanes].sum(axis=1), np.minimum(asked, case.on_hand[:, node]))


def two_lanes(from_supplier: bool = False) -> World:
    network = {
        "lane_origin": np.array([1, 1] if from_supplier else [0, 0]),
        "lane_carries": np.ones((2, 2)),
        "lane_landed_usd": np.array([[1.0, 1.0], [2.0, 2.0]]),
        "value_usd": np.array([9.0, 4.0]),
        "volume_m3": np.array([0.1, 0.2]),
        "capacity_m3": np.ones(1),
        "echelon_share": np.ones((1, 1, 2)),
    }
    raw = np.array([[[30.4, 10.0], [10.0, 0.4]]])
    return World(1, network, raw, np.array([[[20.0, 100.0]]]), np.ones((1, 2)), 1)


def test_scarce_stock_is_shared_in_proportion_and_the_cut_is_told() -> None:
    orders, rows = two_lanes().project(Limits())
    np.testing.assert_array_equal(orders, [[[15, 10], [5, 0]]])
    assert [str(reason) for reason in rows.reasons[0]] == [
        "feasibility: on_hand: more than the origin has: cut in 2 cells"
    ]


def test_a_suppliers_capacity_counts_all_its_lanes_and_skus() -> None:
    orders, rows = two_lanes(from_supplier=True).project(Limits(supplier_units=[25]))
    np.testing.assert_array_equal(orders, [[[15, 5], [5, 0]]])
    assert rows.reasons[0][0].field == "supplier_units"


def test_a_transfer_costs_its_freight_and_an_order_its_goods_too() -> None:
    np.testing.assert_array_equal(spend_usd(two_lanes().network), [[1, 1], [2, 2]])
    np.testing.assert_array_equal(spend_usd(two_lanes(from_supplier=True).network), [[10, 5], [11, 6]])


def test_an_order_below_the_minimum_goes_to_it_or_to_nothing_whichever_is_nearer() -> None:
    orders, _ = two_lanes(from_supplier=True).project(Limits(minimum_order_units=[19, 21]))
    np.testing.assert_array_equal(orders, [[[30, 19], [0, 0]]])


def test_orders_come_in_whole_packs() -> None:
    orders, _ = two_lanes(from_supplier=True).project(Limits(pack_units=[12, 4]))
    np.testing.assert_array_equal(orders, [[[36, 8], [12, 0]]])


def test_whole_packs_are_what_an_origin_gives() -> None:
    orders, _ = two_lanes().project(Limits(pack_units=[12, 1]))
    assert orders[0, :, 0].sum() == 12


def test_free_goods_are_not_cut_by_a_budget() -> None:
    case = two_lanes()
    free = {**case.network, "lane_landed_usd": np.array([[0.0, 0.0], [2.0, 2.0]])}
    plenty = np.full_like(case.on_hand, 1e3)
    orders, _ = World(1, free, case.raw, plenty, case.lane_open, 1).project(Limits(budget_usd=4.0))
    np.testing.assert_array_equal(orders, [[[30, 10], [2, 0]]])


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(lane_m3=[1.0]), r"limits\.lane_m3: has shape \[1\]; \[2\] is required"),
        (Limits(supplier_units=[]), r"limits\.supplier_units: 0 figures for 1 suppliers"),
        (Limits(minimum_order_units=[[1.0]]), r"limits\.minimum_order_units: has shape \[1, 1\]; \[2\] or \[2, 2\]"),
        (Limits(pack_units=[1, 0]), r"limits\.pack_units: 0; must be 1, 2, 3"),
        (Limits(pack_units=[1, 2.5]), r"limits\.pack_units: 2\.5; must be 1, 2, 3"),
        (Limits(budget_usd=-1.0), r"limits\.budget_usd: holds NaN or negative figures"),
        (Limits(budget_usd=np.nan), r"limits\.budget_usd: holds NaN or negative figures"),
        (Limits(lane_m3=["a", "b"]), r"limits\.lane_m3: is of type <U1"),
        (Limits(lane_m3=[[1], [1, 2]]), r"limits\.lane_m3: can't be read as an array"),
        (Limits(pack_units=[np.inf, 1]), r"limits\.pack_units: infinite or too large"),
        (Limits(approval_units=np.ones(2)), r"limits\.approval_units: has shape \[2\]"),  # type: ignore[arg-type]
        (Limits(approval_units="5"), r"limits\.approval_units: is of type str"),  # type: ignore[arg-type]
    ],
)
def test_a_limit_that_makes_no_sense_is_an_error(limits: Limits, message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        two_lanes(from_supplier=True).project(limits)
