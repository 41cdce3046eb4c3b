"""Returned goods wait for their verdict: restocked, refurbished or scrapped."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.worlds import SHOP, Record, small_network, small_world


def all_sent_back(days: int = 60) -> list[Record]:
    """Four hundred units sold on the first day, all of which come back; a quarter is mended, a quarter is scrap."""
    network = small_network(
        market={"returns": {"share": 1.0, "median_days": 3.0, "log_deviation": 0.1}},
        shop={
            "restock_share": 0.5,
            "return_usd_per_unit": 2.0,
            "inspection_days": 4,
            "refurbish": {"share": 0.25, "days": 6, "usd_per_unit": 3.0},
        },
    )
    world = small_world(network, days=days, on_hand=[[0.0], [400.0]])
    demand = torch.zeros_like(world.scenario.demand)
    demand[:, 0] = 400.0
    rounding = torch.rand(world.scenario.rounding.shape, generator=torch.Generator().manual_seed(0)).double()
    return replace(world, scenario=replace(world.scenario, demand=demand, rounding=rounding)).run()


def test_a_return_is_paid_for_when_it_comes_and_has_its_verdict_days_later() -> None:
    records = all_sent_back()
    paid = [record.costs.returns[0, SHOP].item() for record in records]
    first = next(day for day, usd in enumerate(paid) if usd > 0)
    verdict = [(r.flows.restocked + r.flows.scrapped)[0, SHOP, 0].item() for r in records]
    assert next(day for day, units in enumerate(verdict) if units > 0) == first + 4
    inspection = records[first].after.inspection
    assert inspection is not None
    assert 2.0 * inspection.waiting.sum().item() == paid[first]


def test_of_what_came_back_each_share_is_what_it_should_be_and_none_is_missing() -> None:
    records = all_sent_back(days=200)
    restocked = sum(record.flows.restocked.sum().item() for record in records)
    scrapped = sum(record.flows.scrapped.sum().item() for record in records)
    refurbished = (sum(record.costs.returns.sum().item() for record in records) - 400 * 2.0) / 3.0
    assert restocked + scrapped == 400
    assert restocked == pytest.approx(300, abs=12)
    assert refurbished == pytest.approx(100, abs=12)
    assert sum(record.costs.scrap.sum().item() for record in records) == 10 * scrapped
