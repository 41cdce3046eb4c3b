"""Amazon's fulfilment centres: how old stock is, what it costs by the day of the fee table, and what is cut."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from entrepot.envs.network.inbound.fees import load_fees
from entrepot.envs.twin.ageing import Ages
from entrepot.envs.twin.fba import OUTFLOW_DAYS
from tests.worlds import AIR, SEA, SHOP, Record, World, few, order, small_network, small_world, worlds

FT3 = 0.0283168
MONTH = 365 / 12
EPOCH = date(1970, 1, 1)
RULES = {"fees": "us", "fees_on": "2025-01-15"}


def shop_of_amazons(days: int, units: float, first: date = date(2025, 1, 1), **rules: Any) -> list[Record]:
    """Days on which 1,000 units of 0.01 m³ lie at a centre of Amazon's, or so many."""
    network = small_network(shop={"fba": RULES | rules})
    return small_world(network, days=days, on_hand=[[0.0], [units]], first_day=(first - EPOCH).days).run()


def test_storage_is_charged_by_season() -> None:
    records = shop_of_amazons(days=4, units=1000.0, first=date(2025, 9, 29))
    low, high = 10 / FT3 / MONTH * 0.78, 10 / FT3 / MONTH * 2.40
    assert [r.costs.storage[0, SHOP].item() for r in records] == pytest.approx([low, low, high, high])


@pytest.mark.parametrize(
    ("fees_on", "middle"),
    [("2023-06-01", 1.50), ("2024-03-31", 1.50), ("2024-04-01", 3.80), ("2025-01-15", 3.80)],
)
def test_old_stock_pays_by_its_age_and_by_the_table_of_the_day(fees_on: str, middle: float) -> None:
    records = shop_of_amazons(days=366, units=1000.0, fees_on=fees_on)
    paid = [record.costs.aged[0, SHOP].item() * FT3 * MONTH / 10 for record in records]
    # Stock that lay there at the start is a day old when the first day ends.
    by_age = {181 - 1: 0.0, 181: 0.50, 271 - 1: 0.50, 271: middle, 365 - 1: middle, 365: 6.90}
    assert {age: paid[age - 1] for age in by_age} == pytest.approx(by_age)


@pytest.mark.parametrize(("fees_on", "placement"), [("2024-03-31", 0.0), ("2024-04-01", 0.27)])
def test_placement_is_paid_for_each_unit_received(fees_on: str, placement: float) -> None:
    network = small_network(shop={"fba": RULES | {"fees_on": fees_on}})
    records = order(small_world(network, days=6, on_hand=[[100.0], [0.0]]), SEA, 40).run()
    assert [r.costs.placement[0, SHOP].item() for r in records] == pytest.approx([0, 0, 0, 0, 0, 40 * placement])


def test_what_customers_send_back_to_a_centre_pays_no_placement() -> None:
    network = small_network(
        shop={"fba": RULES}, market={"returns": {"share": 0.5, "median_days": 1, "log_deviation": 0.1}}
    )
    world = small_world(network, days=6, on_hand=[[0.0], [100.0]])
    demand = torch.zeros_like(world.scenario.demand)
    demand[:, 0] = 50.0
    records = replace(world, scenario=replace(world.scenario, demand=demand)).run()
    assert sum(record.flows.restocked.sum() for record in records) > 10
    assert sum(record.flows.unloaded.sum() for record in records) > 10
    assert sum(record.costs.placement.sum() for record in records) == 0


@pytest.mark.parametrize(("units", "price"), [(2100.0, 0.0), (2300.0, 0.44), (2900.0, 0.76), (4000.0, 1.16)])
def test_more_than_22_weeks_of_stock_pay_a_surcharge(units: float, price: float) -> None:
    """A hundred units go out each week."""
    network = small_network(shop={"fba": RULES})
    world = small_world(network, days=OUTFLOW_DAYS, on_hand=[[0.0], [units + 1300.0]])
    demand = torch.zeros_like(world.scenario.demand)
    demand[:, ::7] = 100.0
    records = replace(world, scenario=replace(world.scenario, demand=demand)).run()
    assert all(record.costs.utilisation.sum() == 0 for record in records[:-1])
    assert records[-1].costs.utilisation[0, SHOP].item() == pytest.approx(units / 100 / FT3 / MONTH * price)


def test_what_grows_too_old_is_removed_for_a_fee_and_its_value() -> None:
    records = shop_of_amazons(days=31, units=1000.0, remove_after_days=30, recovered_share=0.25)
    assert [record.after.on_hand[0, SHOP, 0].item() for record in records[28:30]] == [1000, 0]
    assert records[29].costs.removal[0, SHOP].item() == pytest.approx(1000 * (1.00 + 0.75 * 10.0))
    assert sum(record.costs.removal.sum().item() for record in records) == records[29].costs.removal.sum().item()


def test_orders_beyond_the_months_limit_are_cut_and_told() -> None:
    monthly = [0.5] * 6 + [2.0] * 6
    for month, granted in ((6, 20), (7, 100)):
        network = small_network(shop={"fba": RULES | {"capacity_m3": monthly}})
        first = (date(2025, month, 10) - EPOCH).days
        world = order(small_world(network, on_hand=[[200.0], [30.0]], first_day=first), SEA, 100)
        (record,) = world.run()
        assert record.flows.cut is not None
        assert record.flows.shipped[0, SEA, 0] == granted
        assert record.flows.cut[0, SEA, 0] == 100 - granted


def test_what_is_on_its_way_counts_against_the_limit() -> None:
    network = small_network(shop={"fba": RULES | {"capacity_m3": 0.5}})
    world = order(order(small_world(network, days=3, on_hand=[[200.0], [0.0]]), SEA, 30), AIR, 30, on=1)
    records = world.run()
    assert [record.flows.shipped[0].sum().item() for record in records] == [30, 20, 0]


def oldest_first(world: World) -> dict[tuple[int, int, int], list[list[float]]]:
    """Each place's lots, [day received, units], counted one by one, at the end of a run."""
    lots: dict[tuple[int, int, int], list[list[float]]] = {}
    assert world.parameters.inbound is not None
    assert world.opening.fba is not None
    longest = max(world.parameters.inbound.age_days, default=0)
    young = world.opening.fba.ages.within
    for number, record in enumerate(world.run()):
        for at, node in enumerate(world.parameters.inbound.node.tolist()):
            for episode in range(record.after.episodes):
                for sku in range(record.after.on_hand.shape[-1]):
                    place = lots.setdefault((episode, at, sku), [])
                    if number == 0:
                        new = float(young[-1, at, episode, sku])
                        old = float(record.before.on_hand[episode, node, sku]) - new
                        place += [[-longest - 1, old], [-1, new]]
                    place.append([number, float(record.flows.unloaded[episode, node, sku])])
                    left = float(record.after.on_hand[episode, node, sku])
                    gone = sum(units for _, units in place) - left
                    for lot in place:
                        taken = min(lot[1], gone)
                        lot[1], gone = lot[1] - taken, gone - taken
    return lots


@few
@given(worlds(dtypes=(torch.float64,), fba=st.just(True)))
def test_bands_of_age_are_those_of_lots_counted_one_by_one(world: World) -> None:
    inbound = world.parameters.inbound
    if inbound is None:
        return
    lots, last = oldest_first(world), world.run()[-1].after
    assert last.fba is not None
    bands = last.fba.ages.by_band(last.on_hand.transpose(0, 1)[inbound.node])
    assert torch.equal(bands.sum(dim=0), last.on_hand.transpose(0, 1)[inbound.node])
    today = world.scenario.days - 1
    for (episode, at, sku), held in lots.items():
        ages = [(today - day, units) for day, units in held]
        begins = (0, *inbound.age_days, 10_000)
        expected = [sum(units for age, units in ages if low <= age < high) for low, high in pairwise(begins)]
        assert bands[:, at, episode, sku].tolist() == expected


def test_stock_ages_whoever_looks_at_it() -> None:
    """A copy of a state goes on as the state itself does."""
    ages = Ages.new(torch.full((1, 1, 1), 5.0), (2, 3))
    again = copy.deepcopy(ages)
    for _ in range(3):
        ages, again = (one.after(torch.ones((1, 1, 1)), (2, 3)) for one in (ages, again))
    assert torch.equal(ages.older(torch.full((1, 1, 1), 8.0)), again.older(torch.full((1, 1, 1), 8.0)))
    assert ages.older(torch.full((1, 1, 1), 8.0)).flatten().tolist() == [6, 5]


def test_a_day_before_the_first_table_has_no_fees() -> None:
    with pytest.raises(Exception, match=r"no fees of 2001-01-01; allowed: 2023-04-01 or later"):
        load_fees("us", date(2001, 1, 1))
