"""The limits of the network ship with the module and hold unless the caller says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from entrepot.agents.inference import InferenceModule, Limits, load
from entrepot.training.export.limits import limits_content
from tests.agents.inference.cases import Case, copy_of, decided, kreen, reseal, snapshot_for

LARGEST_UNITS = 20.0


@pytest.fixture
def limited(folder: Path, tmp_path: Path) -> InferenceModule:
    """A module whose training saw no order above 20 units."""
    case = kreen()
    largest = np.full((2, len(case.network.lanes)), LARGEST_UNITS)
    largest[1] = 1e9
    limits = limits_content(case.network, case.demand, largest)
    altered = copy_of(folder, tmp_path)
    reseal(altered, lambda content: content.update(limits=limits))
    return load(altered)


def test_an_order_far_above_those_of_training_waits_for_a_person(limited: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=4)
    decision = decided(limited, snapshot)
    assert decision.needs_approval.any()
    assert (decision.orders.sum(axis=-1) <= 2 * LARGEST_UNITS).all()
    free = decided(limited, snapshot, limits=Limits(replaces=True))
    assert not free.needs_approval.any()
    np.testing.assert_array_equal(free.orders, decision.orders + decision.held)


def test_a_callers_limit_narrows_and_does_not_widen(limited: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=4)
    wide = decided(limited, snapshot, limits=Limits(approval_units=1e9))
    np.testing.assert_array_equal(wide.needs_approval, decided(limited, snapshot).needs_approval)
    narrow = decided(limited, snapshot, limits=Limits(approval_units=0.0))
    np.testing.assert_array_equal(narrow.needs_approval, (narrow.held > 0).any(axis=-1))
    assert not narrow.orders.any()


def test_capacities_of_the_network_hold_by_default(module: InferenceModule, case: Case) -> None:
    own = module.manifest.limits
    decision = decided(module, snapshot_for(case, rows=4))
    load_m3 = ((decision.orders + decision.held) * case.network.sku.volume_m3).sum(axis=-1)
    assert (load_m3 <= own.lane_m3 + 1e-6).all()
    np.testing.assert_array_equal(np.isinf(own.lane_m3), case.network.lane.capacity_m3_per_day >= 1e9)
    assert own.approval_basis


def test_a_lane_that_training_did_not_know_has_the_limit_of_any_lane(limited: InferenceModule) -> None:
    larger = kreen(7)
    snapshot = snapshot_for(larger, rows=4)
    names = [f"new {lane}" for lane in larger.network.lanes]
    decision = decided(limited, snapshot, larger.attributes, lane_names=names, sku_names=larger.network.skus)
    total = (decision.orders + decision.held).sum(axis=-1)
    rate = np.einsum("nms,ms->n", larger.network.market.echelon_share, larger.demand)
    allowed = limited.manifest.limits.approval_days * rate[larger.network.lane.destination]
    np.testing.assert_array_equal(decision.needs_approval, total > allowed)


def test_covers_and_limits_follow_names_and_not_places(limited: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=1)
    order = np.random.default_rng(0).permutation(len(case.network.skus))
    schema = {**limited.manifest.snapshot, **limited.manifest.network}

    def turned(name: str, values: NDArray[Any]) -> NDArray[Any]:
        axes = schema[name].axes
        return np.take(values, order, axes.index("S")) if "S" in axes else values

    network = {name: turned(name, values) for name, values in limited.network.items()}
    other = {name: turned(name, values) for name, values in snapshot.items()}
    names = [limited.manifest.names.skus[place] for place in order]
    plain = decided(limited, snapshot, age_seconds=100_000.0)
    decision = decided(limited, other, network, sku_names=names, age_seconds=100_000.0)
    np.testing.assert_allclose(decision.raw_orders, plain.raw_orders[..., order], rtol=1e-4, atol=1e-3)
    unnamed = decided(limited, other, network, age_seconds=100_000.0)
    assert set(unnamed.skus) == {""}
    assert unnamed.lanes == limited.manifest.names.lanes


def test_an_order_of_many_days_of_last_months_sales_waits_for_a_person(module: InferenceModule, case: Case) -> None:
    assert module.manifest.limits.approval_sales_days > 0
    snapshot = snapshot_for(case, rows=4)
    free = decided(module, snapshot, limits=Limits(replaces=True))
    sold = np.einsum("nms,bms->bn", case.network.market.echelon_share, snapshot["demand_slow"])
    days = free.orders.sum(axis=-1) / sold[:, case.network.lane.destination]
    limit = float(np.median(days[days > 0]))
    decision = decided(module, snapshot, limits=Limits(replaces=True, approval_sales_days=limit))
    np.testing.assert_array_equal(decision.needs_approval, days > limit)
    np.testing.assert_array_equal(decision.orders + decision.held, free.orders)
    assert f"{limit:g} days of what its destination sold in the last month" in decision.explain()


def test_a_callers_days_of_sales_narrow_the_modules_own(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=2)
    own = module.manifest.limits.approval_sales_days
    wide = decided(module, snapshot, limits=Limits(approval_sales_days=10 * own))
    np.testing.assert_array_equal(wide.needs_approval, decided(module, snapshot).needs_approval)
    assert not decided(module, snapshot, limits=Limits(approval_sales_days=0.0)).orders.any()
