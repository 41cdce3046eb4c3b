"""Orders that make sense where training never was: less stock, over random networks."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from entrepot.agents.inference.order_up_to import demand_rate, orders_from_cover
from entrepot.agents.neural import NeuralPolicy
from entrepot.envs.network import NetworkDescription
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, SNAPSHOT_FIELDS
from entrepot.training.export.graph import PolicyGraph, as_tensors
from tests.agents.inference.cases import Arrays, Case, covers, snapshot_for
from tests.worlds.networks import networks

SETTINGS = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def asked(policy: NeuralPolicy, snapshot: Arrays, attributes: Arrays) -> NDArray[np.float64]:
    """[B, L, S] units that the policy orders, as an exported graph would."""
    with torch.no_grad():
        answer = PolicyGraph(policy)(as_tensors(snapshot, SNAPSHOT_FIELDS), as_tensors(attributes, NETWORK_FIELDS))
    return np.asarray(answer["orders"], np.float64)


def departing_today(case: Case, seed: int) -> Arrays:
    snapshot = snapshot_for(case, seed=seed)
    return {**snapshot, "lane_wait_days": snapshot["lane_wait_days"] * 0, "lane_open": snapshot["lane_open"] * 0 + 1}


@SETTINGS
@given(networks(), st.integers(0, 5), st.sampled_from([0.0, 0.3, 0.9]))
def test_less_stock_never_means_smaller_orders_by_the_fallback(
    description: NetworkDescription, seed: int, left: float
) -> None:
    case = Case.of(description)
    snapshot = departing_today(case, seed)
    rate = demand_rate(case.attributes, snapshot["demand_slow"])
    before = orders_from_cover(case.attributes, snapshot, covers(case), rate)
    less = {**snapshot, "on_hand": snapshot["on_hand"] * np.float32(left)}
    after = orders_from_cover(case.attributes, less, covers(case), rate)
    assert (after.sum(axis=(1, 2)) >= before.sum(axis=(1, 2)) - 1e-2).all()


@SETTINGS
@given(networks(), st.integers(0, 5), st.sampled_from([0.0, 0.3, 0.9]))
def test_less_stock_where_nothing_leaves_from_never_means_smaller_orders_by_an_untrained_policy(
    description: NetworkDescription, seed: int, left: float
) -> None:
    """Where departures are free. What a trained policy does is measured, see docs/policy.md."""
    case = Case.of(description)
    attributes = {**case.attributes, "lane_shipment_usd": case.attributes["lane_shipment_usd"] * 0}
    snapshot = departing_today(case, seed)
    ends = ~np.isin(np.arange(len(case.network.nodes)), case.network.lane.origin)
    less = {**snapshot, "on_hand": np.where(ends[:, None], snapshot["on_hand"] * np.float32(left), snapshot["on_hand"])}
    before = asked(NeuralPolicy(), snapshot, attributes)
    after = asked(NeuralPolicy(), less, attributes)
    assert (after.sum(axis=(1, 2)) >= before.sum(axis=(1, 2)) * (1 - 1e-4) - 1e-2).all()
