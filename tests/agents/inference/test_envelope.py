"""What of a snapshot is compared with training, and how ranges are gathered."""

from __future__ import annotations

import numpy as np
import pytest

from entrepot.agents.inference import InferenceModule, Tolerance
from entrepot.agents.inference.checking import Checked, check_snapshot, read_snapshot, sizes_of
from entrepot.agents.inference.containment import Held
from entrepot.agents.inference.envelope import check_envelope, demand_quantities, envelope_of
from entrepot.agents.inference.manifest import Envelope, Range
from tests.agents.inference.cases import Arrays, Case, decided, kreen, snapshot_for, with_value

EXACT = Tolerance(margin=0.0, share=0.0)


def checked_in(
    module: InferenceModule, case: Case, snapshot: Arrays, envelope: Envelope, tolerance: Tolerance
) -> Checked:
    given = read_snapshot(snapshot, module.manifest.snapshot)
    sizes = {**sizes_of(case.attributes), "W": module.manifest.season_entries}
    checked = check_snapshot(given, module.manifest.snapshot, sizes, slice(None))
    network = dict(module.network)
    check_envelope(network, checked, envelope, tolerance, Held(network, given.rows), own=True)
    return checked


def test_snapshots_of_training_lie_inside_their_own_envelope(module: InferenceModule, case: Case) -> None:
    snapshots = [snapshot_for(case, rows=4, seed=seed) for seed in range(3)]
    envelope = envelope_of(module.network, snapshots)
    for snapshot in snapshots:
        checked = checked_in(module, case, snapshot, envelope, EXACT)
        assert checked.rows.trusted.all()
        assert not checked.rows.held.any()
        assert not checked.usable


def test_a_network_ten_times_as_large_is_not_strange(case: Case) -> None:
    snapshot = snapshot_for(case, rows=4)
    larger = {**case.attributes, "demand_mean": case.attributes["demand_mean"] * 10}
    grown = {
        name: values * 10 if name in ("demand_fast", "demand_slow", "demand_quarter") else values
        for name, values in snapshot.items()
    }
    small, large = demand_quantities(case.attributes, snapshot), demand_quantities(larger, grown)
    busy = case.attributes["demand_mean"] > 0.1
    np.testing.assert_allclose(small["demand_slow_ratio"][:, busy], large["demand_slow_ratio"][:, busy], rtol=1e-5)


@pytest.mark.parametrize(("price", "strange"), [(1.0, False), (0.7, False), (1.3, False), (0.4, True), (1.6, True)])
def test_a_margin_counts_from_the_upper_end_where_training_saw_one_value_only(
    module: InferenceModule, case: Case, price: float, strange: bool
) -> None:
    snapshot = snapshot_for(case, rows=1)
    snapshot["storage_price"][:] = price
    envelope = Envelope({"storage_price": Range(1.0, 1.0, 1.0)}, {})
    checked = checked_in(module, case, snapshot, envelope, Tolerance(margin=0.5))
    assert bool(checked.rows.reasons[0]) == strange
    np.testing.assert_array_equal(checked.arrays["storage_price"], np.float32(1.0 if strange else price))


@pytest.mark.parametrize(
    ("equipment", "open_share"),
    [(0.0, 1.0), (0.4, 1.0), (1.0, 0.0), (1.0, 0.01)],
    ids=["none", "weak", "closed", "tight"],
)
def test_closed_lanes_and_weak_equipment_are_no_strange_news(
    module: InferenceModule, case: Case, equipment: float, open_share: float
) -> None:
    snapshot = snapshot_for(case, rows=1)
    before = decided(module, snapshot)
    changed = with_value(with_value(snapshot, "equipment", (0, 4), equipment), "lane_open", (0, 0), open_share)
    decision = decided(module, changed)
    assert decision.source == ("policy",)
    assert not decision.contained.any()
    if open_share == 0:
        assert not decision.orders[0, 0].any()
    other = case.network.lane.destination != case.network.lane.destination[0]
    if equipment == 1.0:
        np.testing.assert_allclose(decision.raw_orders[0, other], before.raw_orders[0, other], rtol=0.5, atol=5.0)


@pytest.mark.parametrize("name", ["demand_fast", "demand_slow", "demand_quarter", "demand_square"])
@pytest.mark.parametrize("share", [0.01, 1.0])
def test_demand_that_is_rejected_is_the_long_run_mean_for_everybody(
    module: InferenceModule, case: Case, name: str, share: float
) -> None:
    snapshot = snapshot_for(case, rows=2)
    wrong = np.random.default_rng(0).random(snapshot[name].shape) < share
    wrong[0, 0, 0] = True
    long_run = module.manifest.demand.demand_square if name == "demand_square" else module.manifest.demand.demand_mean
    faulty = {**snapshot, name: np.where(wrong, np.float32(1e9), snapshot[name])}
    right = {**snapshot, name: np.where(wrong, long_run.astype(np.float32), snapshot[name])}
    for age in (1.0, 100_000.0):
        np.testing.assert_allclose(
            decided(module, faulty, age_seconds=age).raw_orders,
            decided(module, right, age_seconds=age).raw_orders,
            rtol=1e-3,
            atol=1e-2,
        )


@pytest.mark.parametrize("factor", [0.0, 1000.0])
@pytest.mark.parametrize("name", ["on_hand", "pipeline"])
def test_a_stock_feed_that_failed_or_counts_in_other_units_orders_nothing(
    module: InferenceModule, case: Case, name: str, factor: float
) -> None:
    snapshot = snapshot_for(case, rows=2)
    decision = decided(module, {**snapshot, name: snapshot[name] * np.float32(factor)})
    assert not decision.orders.any()
    assert "envelope: " in decision.explain()


@pytest.mark.parametrize("factor", [0.0, 1000.0])
def test_a_demand_feed_that_failed_or_counts_in_other_units_is_not_used_and_waits_for_a_person(
    module: InferenceModule, case: Case, factor: float
) -> None:
    snapshot = snapshot_for(case, rows=2)
    feeds = ("demand_fast", "demand_slow", "demand_quarter")
    faulty = decided(module, {**snapshot, **{name: snapshot[name] * np.float32(factor) for name in feeds}})
    mean = np.broadcast_to(case.demand.astype(np.float32), snapshot["demand_slow"].shape)
    right = decided(module, {**snapshot, **dict.fromkeys(feeds, mean)})
    np.testing.assert_allclose(faulty.raw_orders, right.raw_orders, rtol=1e-3, atol=1e-2)
    assert not faulty.orders.any()
    assert faulty.held.any()
    assert "the long-run mean stands in, and nothing goes out without a person" in faulty.explain()


def test_cells_that_hardly_sell_hold_their_own_lanes_and_not_the_row(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=1)
    network = {**case.attributes, "demand_mean": np.array(case.attributes["demand_mean"])}
    network["demand_mean"][:, :3] = 0.0
    for name in ("demand_fast", "demand_slow", "demand_quarter", "demand_square", "backlog"):
        snapshot[name][:, :, :3] = 0.0
    snapshot["on_hand"][:, :, :3] = 30.0  # units: years of cover at the least rate
    decision = decided(module, snapshot, network)
    assert decision.contained[0, :, :3].any()
    assert not decision.contained[0, :, 3:].any()
    assert "without a person" not in decision.explain()


def test_waits_told_in_hours_are_noticed(module: InferenceModule, case: Case) -> None:
    for seed in range(7):
        snapshot = snapshot_for(case, rows=1, seed=seed)
        assert "lane_wait_days" not in decided(module, snapshot).explain()
        hours = decided(module, {**snapshot, "lane_wait_days": snapshot["lane_wait_days"] * 24})
        assert not hours.orders.any()
        assert "are these hours?" in hours.explain()


def test_a_holiday_that_keeps_some_lanes_is_no_strange_news(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=1)
    wait = np.array(snapshot["lane_wait_days"])
    wait[:, ::3] = 21.0
    assert "lane_wait_days" not in decided(module, {**snapshot, "lane_wait_days": wait}).explain()


def test_a_network_of_ones_own_without_stock_is_held_for_a_reason_that_makes_sense(module: InferenceModule) -> None:
    other = kreen(7)
    snapshot = snapshot_for(other, rows=1)
    told = decided(module, {**snapshot, "on_hand": snapshot["on_hand"] * 0}, other.attributes).explain()
    assert "on_hand_zero_share: 1; less than 1 is allowed" in told


@pytest.mark.parametrize("factor", [1 / 3, 3.0])
def test_stock_of_the_whole_network_at_a_third_or_three_times_is_held(
    module: InferenceModule, case: Case, factor: float
) -> None:
    snapshot = snapshot_for(case, rows=2)
    assert "total_" not in decided(module, snapshot).explain()
    faulty = decided(module, {**snapshot, "on_hand": np.rint(snapshot["on_hand"] * factor)})
    assert not faulty.orders.any()
    assert "envelope: " in faulty.explain()
