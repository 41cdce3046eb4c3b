"""Orders that make sense where training never was: less stock, over random networks."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from entrepot.agents.inference.order_up_to import demand_rate, echelon_rate, orders_from_cover
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


NEVER_BY_ITSELF = 30.0
"""A threshold, as a logarithm, that no saving reaches: what was learnt would let every departure with a price go by."""


@SETTINGS
@given(networks(), st.integers(0, 5))
def test_a_departure_to_a_node_that_is_empty_is_not_let_go_by_where_the_sales_are_worth_its_price(
    description: NetworkDescription, seed: int
) -> None:
    """Whatever was learnt; for the only lane to a node, from a supplier, so that nothing else can come in its stead."""
    case = Case.of(description)
    snapshot = departing_today(case, seed)
    empty = {name: snapshot[name] * 0 for name in ("on_hand", "dock", "pipeline", "backlog")}
    origin, destination = case.attributes["lane_origin"], case.attributes["lane_destination"]
    nodes = len(case.network.nodes)
    alone = (origin >= nodes) & (np.bincount(destination, minlength=nodes)[destination] == 1)
    rate = echelon_rate(case.attributes, 0.9 * snapshot["demand_quarter"] + 0.1 * case.attributes["demand_mean"])
    asked_for = (rate[:, destination] * case.attributes["lane_carries"]).min(axis=0)  # [L, S] units a day
    until_next = asked_for * case.attributes["lane_interval_days"][:, None]
    worth = (until_next * case.attributes["margin_usd"].min(axis=0)).sum(axis=-1)  # [L] USD at the least
    due = alone & (worth > 1.0)
    assume(due.any())
    policy = NeuralPolicy()
    with torch.no_grad():
        policy.consolidation.threshold.bias.fill_(NEVER_BY_ITSELF)
    for share, goes in ((0.9, True), (1000.0, False)):
        priced = {**case.attributes, "lane_shipment_usd": (share * worth).astype(np.float32)}
        orders = asked(policy, {**snapshot, **empty}, priced).sum(axis=-1)[:, due]
        assert (orders > 0).all() if goes else (orders == 0).all()
