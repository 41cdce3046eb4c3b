from dataclasses import replace

import torch

from entrepot.agents.rules import MinMax
from entrepot.agents.rules.min_max import LOT_DAYS, SAFETY_DAYS
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.order_up_to import echelon_rate
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world()
KNOWN = WORLD.attributes
HUB_TRUCK, SEA, AIR = 0, 1, 2
RATE = echelon_rate(KNOWN, KNOWN.demand_mean.unsqueeze(0))[0]


def holding(days: float, *, weekday: int, wait: float = 0.0) -> Snapshot:
    """Stock of so many days of demand at both nodes, nothing on the way."""
    snapshot = first_snapshot(WORLD, episodes=1)
    return replace(
        snapshot,
        on_hand=(days * RATE)[None],
        weekday=torch.full_like(snapshot.weekday, weekday),
        lane_wait_days=torch.full_like(snapshot.lane_wait_days, wait),
    )


def test_what_fell_to_its_minimum_is_ordered_up_to_its_maximum() -> None:
    orders = MinMax(KNOWN).decide(holding(1.0, weekday=0)).orders
    most = KNOWN.lane_lead_days + SAFETY_DAYS + LOT_DAYS
    torch.testing.assert_close(orders[0, SEA], (most[SEA] - 1.0) * RATE[1], rtol=1e-4, atol=1e-3)


def test_what_is_above_its_minimum_is_not_ordered() -> None:
    above = float(KNOWN.lane_lead_days.max() + SAFETY_DAYS + 1.0)
    assert (MinMax(KNOWN).decide(holding(above, weekday=0)).orders == 0).all()


def test_nobody_expedites() -> None:
    assert (MinMax(KNOWN).decide(holding(0.0, weekday=0)).orders[:, AIR] == 0).all()


def test_orders_are_decided_on_mondays_only() -> None:
    rule = MinMax(KNOWN)
    assert (rule.decide(holding(0.0, weekday=0)).orders[:, SEA] > 0).all()
    assert all((rule.decide(holding(0.0, weekday=day)).orders == 0).all() for day in range(1, 7))
    assert (rule.decide(holding(0.0, weekday=0)).orders[:, SEA] > 0).all()


def test_mondays_order_leaves_with_the_next_departure_on_mondays_figures() -> None:
    rule, other = MinMax(KNOWN), MinMax(KNOWN)
    assert (rule.decide(holding(0.0, weekday=0, wait=2.0)).orders == 0).all()
    later = rule.decide(holding(500.0, weekday=2)).orders
    torch.testing.assert_close(later, other.decide(holding(0.0, weekday=0)).orders)


def test_a_new_episode_forgets_mondays_plan() -> None:
    rule = MinMax(KNOWN)
    rule.decide(holding(0.0, weekday=0, wait=2.0))
    rule.begin(1)
    assert (rule.decide(holding(500.0, weekday=2)).orders == 0).all()


def test_a_plan_waits_for_its_lane_to_open() -> None:
    rule, other = MinMax(KNOWN), MinMax(KNOWN)
    monday = holding(0.0, weekday=0)
    closed = replace(monday, lane_open=torch.zeros_like(monday.lane_open))
    assert (rule.decide(closed).orders == 0).all()
    torch.testing.assert_close(rule.decide(holding(500.0, weekday=2)).orders, other.decide(monday).orders)
