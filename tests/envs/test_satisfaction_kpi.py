from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.envs.satisfaction_kpi import ASSUMED, SatisfactionTotals
from entrepot.envs.world import build_world
from tests.envs.test_kpi import HUB, SHOP, a_short_day, after, costs, flows, state
from tests.poisson_demand import PoissonDemand
from tests.worlds import small_network, small_world

FROM_SHOP, FROM_HUB = ASSUMED.late_keeps, ASSUMED.late_keeps**10  # in 3 and in 12 days where 2 were promised
NOTHING = torch.zeros(1, 1, 2)


def test_a_lost_unit_scores_nothing_a_late_one_less_by_each_day_and_one_that_waits_for_being_short_too() -> None:
    # 14 asked: 10 from the shop, 1 from the hub, 2 lost, 1 waits, a day so far.
    waits = ASSUMED.short_keeps * ASSUMED.late_keeps
    kpis = after(a_short_day())
    assert kpis.by_episode()["satisfaction"].item() == pytest.approx((10 * FROM_SHOP + FROM_HUB + waits) / 14)
    assert kpis.by_node()["satisfaction"][0, SHOP].item() == pytest.approx(kpis.by_episode()["satisfaction"].item())
    assert torch.isnan(kpis.by_node()["satisfaction"][0, HUB])


def test_who_waited_scores_by_the_days_until_served_and_by_the_option_that_serves() -> None:
    asked = torch.tensor([[[4.0, 0.0]]])
    both = torch.tensor([[[[0.0, 0.0]]], [[[4.0, 0.0]]]])
    short = (state(backlog=asked), flows(demand=asked), costs())
    still = (state(backlog=asked), flows(), costs())
    served = (state(), flows(served=both, served_backlog=asked), costs())
    score = after(short, still, still, served).by_episode()["satisfaction"].item()
    assert score == pytest.approx(ASSUMED.short_keeps * ASSUMED.late_keeps**3 * FROM_HUB)


def test_who_had_asked_before_the_days_that_count_is_left_out() -> None:
    served = torch.tensor([[[[5.0, 0.0]]], [[[0.0, 0.0]]]])
    late = flows(
        demand=torch.tensor([[[2.0, 0.0]]]), served=served, served_backlog=torch.tensor([[[3.0, 0.0]]]), lost=NOTHING
    )
    kpis = after((state(backlog=torch.tensor([[[7.0, 0.0]]])), late, costs())).by_episode()
    assert kpis["satisfaction"].item() == pytest.approx(FROM_SHOP)


def test_days_to_refund_count_for_the_share_that_is_sent_back() -> None:
    returns = {"returns": {"share": 0.5, "median_days": 3.0, "log_deviation": 0.1}}
    scores = []
    for days in (0, 4):
        network = small_network(market=returns, shop={"restock_share": 0.5, "inspection_days": days})
        world = small_world(network, days=3, on_hand=[[0.0], [4000.0]])
        world = replace(world, scenario=replace(world.scenario, demand=torch.full_like(world.scenario.demand, 9.0)))
        totals = SatisfactionTotals.start(world.parameters, 1)
        demand = 0.0
        for record in world.run():
            totals = totals.add(world.parameters, record.after, record.flows)
            demand += record.flows.demand.sum().item()
        scores.append(totals.scores.sum().item() / demand)
    assert scores[1] / scores[0] == pytest.approx(1 - 0.5 * (1 - ASSUMED.refund_keeps**4))


def test_the_twins_customers_score_as_when_each_days_are_followed_on_their_own() -> None:
    description = load_network("kreen", skus=3)
    compiled = build_world(description, PoissonDemand.of(description), dtype=torch.float64)
    env = BatchedWarehouseNetwork(compiled, environments=2, episode_days=60, seed=1)
    env.reset()
    parameters = env.parameters
    late = (parameters.option.days - ASSUMED.promised_days).clamp(min=0)[:, None, :, None]
    waiting = torch.zeros_like(env.state.backlog)[None]  # by day of asking; those from before the first day first
    waiting[0] = env.state.backlog
    totals, scores, demand = SatisfactionTotals.start(parameters, 2), torch.zeros(2), torch.zeros(2)
    for day in range(60):
        env.step(torch.full((2, parameters.lanes, 3), 3.0))
        assert env.transition is not None
        seen = env.transition.flows
        totals = totals.add(parameters, env.state, seen)
        share = seen.served / seen.served.sum(dim=0).clamp(min=1e-9)
        leaving = waiting * (seen.served_backlog / waiting.sum(dim=0).clamp(min=1e-9))
        for asked, units in enumerate(leaving[1:]):
            of_unit = ASSUMED.short_keeps * (ASSUMED.late_keeps ** (late + day - asked) * share).sum(dim=0)
            scores = scores + (units * of_unit).sum(dim=(1, 2))
        today = seen.served.sum(dim=0) - seen.served_backlog
        scores = scores + (today * (ASSUMED.late_keeps**late * share).sum(dim=0)).sum(dim=(1, 2))
        waiting = torch.cat([waiting - leaving, (seen.demand - today - seen.lost)[None]])
        demand = demand + seen.demand.sum(dim=(1, 2))
    for asked, units in enumerate(waiting[1:]):
        scores = scores + ASSUMED.short_keeps * (units * ASSUMED.late_keeps ** (60 - asked)).sum(dim=(1, 2))
    assert (waiting.sum() > 0) & ((scores / demand) < 0.9).all()
    torch.testing.assert_close(totals.scores.sum(dim=1), scores.double(), rtol=1e-6, atol=0.0)
