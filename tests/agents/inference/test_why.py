"""A decision says why, by name, in figures that belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from entrepot.agents.inference import InferenceModule, InputRefused, Limits, load
from entrepot.agents.inference.order_up_to import stock_position
from tests.agents.inference.cases import Case, covers, decided, export_case, kreen, opinionated_policy, snapshot_for
from tests.conftest import GraphOf


def test_the_parts_of_a_decision_give_its_orders(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, rows=3)
    decision = decided(module, snapshot)
    told = decision.explanations
    np.testing.assert_allclose(told["wish"] * told["released"], decision.raw_orders, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(told["position"], stock_position(case.attributes, snapshot), rtol=1e-3, atol=0.1)
    short = told["target_days"] * told["rate"] - told["position"]
    assert (told["wish"] <= np.maximum(short, 0) + 0.1).all()  # a faster lane may order some of it


def test_why_is_asked_by_name_or_place(module: InferenceModule, case: Case) -> None:
    decision = decided(module, snapshot_for(case))
    row, lane, sku = (int(place) for place in np.argwhere(decision.orders > 0)[0])
    why = decision.why(case.network.lanes[lane], case.network.skus[sku], row)
    assert why == decision.why(lane, sku, row)
    assert why.orders_units == decision.orders[row, lane, sku]
    assert f"{why.lane}, {why.sku}: {why.orders_units:,} units go out" in str(why)
    assert why in decision.table(row)
    with pytest.raises(InputRefused, match="sku: 'unheard of'; allowed: 0 to 5, or a name such as"):
        decision.why(lane, "unheard of", row)


def test_what_cut_an_order_is_told(module: InferenceModule, case: Case) -> None:
    snapshot = snapshot_for(case, seed=5)
    decision = decided(module, snapshot, limits=Limits(budget_usd=10.0, approval_units=0.0))
    cut = decision.raw_orders.round() > decision.orders + decision.held
    assert cut.any()
    row, lane, sku = (int(place) for place in np.argwhere(cut & case.network.lane.carries)[0])
    assert set(decision.why(lane, sku, row).cut_by) & {"on_hand", "budget_usd"}


def test_the_fallback_says_why_too(module: InferenceModule, case: Case) -> None:
    decision = decided(module, snapshot_for(case), age_seconds=100_000.0)
    np.testing.assert_allclose(decision.explanations["target_days"][0], covers(case), rtol=1e-3)
    assert "the fallback aims at" in str(decision.why(0, 0))


@pytest.mark.slow
def test_a_policy_without_a_target_says_what_it_can(tmp_path: Path, graph_of: GraphOf) -> None:
    case = kreen(2)
    module = load(export_case(case, tmp_path, opinionated_policy(head="units"), graph=graph_of("units")))
    assert list(module.manifest.outputs) == ["orders"]
    decision = decided(module, snapshot_for(case))
    assert np.isfinite(decision.explanations["position"]).all()
    assert np.isnan(decision.explanations["target_days"]).all()
    assert "aims at" not in str(decision.why(0, 0))
