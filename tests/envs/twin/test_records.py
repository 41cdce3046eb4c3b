"""Records beside stock: where they part, how counts set them right, and what of it costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.network import NetworkArrays
from entrepot.envs.record_kpi import RecordTotals
from entrepot.envs.twin import Flows, Scenario, State, TwinParameters, step
from tests.worlds import SHOP, World, empty_state, few, quiet_scenario, small_network, tensors_of, worlds

DAYS = 60
WIDGET = small_network().skus["widget"]  # type: ignore[index]
THREE = {f"widget_{number}": WIDGET for number in range(3)}


def network(**records: Any) -> NetworkArrays:
    """A shop and a hub of three SKUs, whose records are wrong alike."""
    return NetworkArrays.from_description(small_network(records=records, skus=THREE))


def lived(
    arrays: NetworkArrays, *, stock: float, demand: float = 0.0, episodes: int = 1, days: int = DAYS, seed: int = 0
) -> tuple[list[tuple[State, Flows]], Scenario, TwinParameters]:
    """Days without orders, from the same stock everywhere."""
    parameters = TwinParameters.from_arrays(arrays, dtype=torch.float64)
    scenario = quiet_scenario(arrays, days, episodes=episodes)
    generator = torch.Generator().manual_seed(seed)
    shape = (episodes, days, 3, len(arrays.nodes), len(arrays.skus))
    dice = torch.rand(shape, generator=generator, dtype=torch.float64)
    scenario = replace(scenario, demand=scenario.demand + demand, record_dice=dice)
    state, past = empty_state(parameters, episodes=episodes, on_hand=stock), []
    orders = torch.zeros(episodes, parameters.lanes, parameters.skus, dtype=torch.float64)
    with torch.inference_mode():
        for number in range(days):
            state, flows, _ = step(parameters, state, Decisions(orders), scenario.at(number))
            past.append((state, flows))
    return past, scenario, parameters


def off(state: State) -> Tensor:
    """[B, N, S] units recorded over what can be found."""
    assert state.records is not None
    return state.records.recorded - state.findable


@few
@given(worlds(records=True))
def test_units_are_conserved_through_every_error(world: World) -> None:
    for record in world.run():
        flows, parameters = record.flows, world.parameters
        errors = flows.records
        change = torch.zeros_like(record.before.on_hand)
        if errors is not None:
            change = errors.kept_by_mispicks - errors.lost_by_mispicks - errors.shrunk
            assert torch.equal(errors.kept_by_mispicks.sum(dim=-1), errors.lost_by_mispicks.sum(dim=-1))
        for gone in (flows.removed, flows.expired):
            change = change if gone is None else change - gone
        picked = torch.einsum("rnm,rbms->bns", parameters.option.at_node, flows.served)
        came = flows.arrived + flows.restocked
        sent = parameters.lane.from_node @ flows.shipped
        before, after = (state.on_hand + state.dock for state in (record.before, record.after))
        assert torch.equal(after, before + came - picked - sent + change)


@few
@given(worlds(records=True), st.booleans())
def test_nothing_is_negative_and_nothing_misplaced_that_is_not_there(world: World, whole_units: bool) -> None:
    for record in world.run(whole_units=whole_units):
        for part in (record.after, record.flows, record.costs):
            for name, value in tensors_of(part).items():
                assert (value >= 0).all(), name
        if record.after.records is not None:
            assert (record.after.records.misplaced <= record.after.on_hand).all()


@few
@given(worlds(records=True))
def test_whole_units_stay_whole_on_records_too(world: World) -> None:
    for record in world.run():
        kept = record.after.records
        if kept is not None:
            assert all(torch.equal(value, value.round()) for value in (kept.recorded, kept.misplaced))


@few
@given(worlds(records=True))
def test_a_batch_keeps_the_records_that_its_members_keep_alone(world: World) -> None:
    together = world.run()[-1].after
    alone = (
        replace(
            world,
            opening=world.opening.episodes_at(slice(1, 2)),
            scenario=world.scenario.episodes_at(slice(1, 2)),
            orders=world.orders[:, 1:2],
            maintenance=None if world.maintenance is None else world.maintenance[:, 1:2],
        )
        .run()[-1]
        .after
    )
    assert torch.equal(together.on_hand[1:2], alone.on_hand)
    if together.records is not None and alone.records is not None:
        assert torch.equal(together.records.recorded[1:2], alone.records.recorded)


def test_records_that_are_right_change_nothing() -> None:
    """Kept for the sake of counts that cost nothing, beside none at all."""
    without = NetworkArrays.from_description(small_network(skus=THREE))
    kept, _, _ = lived(network(counts="yearly"), stock=20.0, demand=1.0)
    plain, _, _ = lived(without, stock=20.0, demand=1.0)
    for (state, flows), (other, others) in zip(kept, plain, strict=True):
        assert torch.equal(state.on_hand, other.on_hand)
        assert torch.equal(flows.lost, others.lost)
        assert not off(state).any()
    assert plain[-1][0].records is None


@pytest.mark.parametrize("rate", [{"shrinkage_share_per_year": 0.9}, {"mispick_share": 0.04}])
def test_without_counts_the_variance_of_an_error_grows_as_its_source_says(rate: dict[str, float]) -> None:
    """Each day an error of one unit with the same small chance p: after T days T·p·(1 − p) is its variance."""
    episodes, days, stock, sold = 2000, 20, 4000.0, 10.0
    past, _, _ = lived(network(every_node=rate), stock=stock, demand=sold, episodes=episodes, days=days)
    if "mispick_share" in rate:  # one of a SKU's own picks, and one of the SKU's that is listed before it
        expected = 2 * days * 0.4 * 0.6
    else:
        expected = sum(p * (1 - p) for p in _chances(0.9 / 365, stock, sold, days))
    assert float(off(past[-1][0])[:, SHOP].var(dim=0).mean()) == pytest.approx(expected, rel=0.12)


def _chances(rate: float, stock: float, sold: float, days: int) -> list[float]:
    """Of one more unit than the whole part, day by day, of the mean stock."""
    chances = []
    for _ in range(days):
        expected = stock * rate
        chances.append(expected % 1)
        stock -= expected + sold
    return chances


def test_the_variance_of_all_errors_together_is_the_sum_of_their_sources() -> None:
    rates = {"shrinkage_share_per_year": 0.3, "mispick_share": 0.05}
    found = {}
    for name, every in {**{key: {key: rate} for key, rate in rates.items()}, "all": rates}.items():
        past, _, _ = lived(network(every_node=every), stock=600.0, demand=5.0, episodes=2000, days=20)
        found[name] = off(past[-1][0])[:, SHOP].var(dim=0)
    together = found["shrinkage_share_per_year"] + found["mispick_share"]
    np.testing.assert_allclose(found["all"].mean(), together.mean(), rtol=0.1)


def test_what_is_misplaced_cannot_be_sold_until_it_is_counted() -> None:
    arrays = network(every_node={"misplaced_share": 0.5}, counts="yearly", yearly_days=7)
    parameters = TwinParameters.from_arrays(arrays, dtype=torch.float64)
    scenario = quiet_scenario(arrays, 8)
    dice = torch.zeros(1, 8, 3, parameters.nodes, parameters.skus, dtype=torch.float64)
    scenario = replace(scenario, record_dice=dice)
    state = empty_state(parameters, on_hand=0.0)
    assert state.records is not None
    assert state.records.uncounted_days is not None
    state = replace(
        state,
        dock=torch.full_like(state.dock, 10.0),
        records=replace(state.records, uncounted_days=torch.zeros_like(state.records.uncounted_days)),
    )
    orders = Decisions(torch.zeros(1, parameters.lanes, parameters.skus, dtype=torch.float64))
    for number in range(8):
        state, _, _ = step(parameters, state, orders, scenario.at(number))
        assert state.records is not None
        assert (state.on_hand == 10).all()
        assert (state.findable == (5 if number < 6 else 10)).all()
        assert (state.records.recorded == 10).all()


def test_counts_cost_labour_and_set_records_to_the_stock() -> None:
    arrays = network(every_node={"shrinkage_share_per_year": 1.0}, counts="yearly", yearly_days=1, count_usd=2.5)
    past, _, parameters = lived(arrays, stock=300.0, days=10)
    for state, flows in past:
        assert flows.records is not None
        assert not off(state).any()
        assert torch.equal(flows.records.counting_usd, torch.full_like(state.on_hand[..., 0], 2.5 * parameters.skus))
    assert sum(float(flows.records.shrunk.sum()) for _, flows in past if flows.records is not None) > 0


@pytest.mark.parametrize("plan", ["abc", "suspicion"])
def test_a_plan_that_looks_where_it_pays_finds_what_is_wrong(plan: str) -> None:
    """Half of the stock is gone, and the record doesn't know: demand runs it down to nothing."""
    arrays = network(counts=plan, class_days=[5, 5, 5])
    past, _, parameters = lived(arrays, stock=20.0, demand=1.0, days=1)
    state = past[0][0]
    assert state.records is not None
    phantom = replace(state, records=replace(state.records, recorded=state.records.recorded + 50))
    scenario = quiet_scenario(arrays, DAYS)
    dice = torch.zeros(1, DAYS, 3, parameters.nodes, parameters.skus, dtype=torch.float64)
    scenario = replace(scenario, demand=scenario.demand + 1, record_dice=dice)
    orders = Decisions(torch.zeros(1, parameters.lanes, parameters.skus, dtype=torch.float64))
    state, counted = phantom, 0.0
    for number in range(DAYS):
        state, flows, _ = step(parameters, state, orders, scenario.at(number))
        assert flows.records is not None
        counted += float(flows.records.counted.sum())
    assert not off(state)[:, SHOP].any()
    assert counted > 0


def test_stock_that_no_record_tells_of_is_not_sold() -> None:
    arrays = network(counts="none", every_node={"mispick_share": 1e-9})
    past, _, parameters = lived(arrays, stock=20.0, days=1)
    state = past[0][0]
    assert state.records is not None
    hidden = replace(state, records=replace(state.records, recorded=torch.zeros_like(state.on_hand)))
    scenario = quiet_scenario(arrays, 1)
    dice = torch.zeros(1, 1, 3, parameters.nodes, parameters.skus, dtype=torch.float64)
    day = replace(scenario, demand=scenario.demand + 3, record_dice=dice).at(0)
    orders = Decisions(torch.zeros(1, parameters.lanes, parameters.skus, dtype=torch.float64))
    after, flows, _ = step(parameters, hidden, orders, day)
    assert not flows.served.any()
    assert torch.equal(after.on_hand, hidden.on_hand)


def test_kpis_tell_how_many_records_are_right_and_what_counts_cost() -> None:
    arrays = network(counts="yearly", yearly_days=1, count_usd=2.0, every_node={"shrinkage_share_per_year": 1.0})
    wrong, _, _ = lived(network(every_node={"shrinkage_share_per_year": 1.0}), stock=300.0, days=20)
    counted, _, parameters = lived(arrays, stock=300.0, days=20)
    cells = parameters.nodes * parameters.skus
    totals, figures = {}, {}
    for name, past in {"wrong": wrong, "counted": counted}.items():
        total = RecordTotals()
        for state, flows in past:
            total = total.add(state, flows)
        totals[name], figures[name] = total, {key: float(value) for key, value in total.by_episode(len(past)).items()}
    off_units = sum(float(off(state).abs().sum()) for state, _ in wrong)
    right = sum(float((off(state) == 0).sum()) for state, _ in wrong)
    assert figures["wrong"]["record_accuracy"] == pytest.approx(right / (len(wrong) * cells))
    held = sum(float(state.on_hand.sum()) for state, _ in wrong)
    assert figures["wrong"]["record_units_off_share"] == pytest.approx(off_units / held)
    assert figures["wrong"]["counts_per_day"] == figures["wrong"]["counting_usd_per_day"] == 0
    assert figures["counted"]["record_accuracy"] == 1.0
    assert figures["counted"]["counts_per_day"] == cells
    assert figures["counted"]["counting_usd_per_day"] == 2.0 * cells
    assert totals["wrong"].by_node(20)["record_accuracy"].shape == (1, parameters.nodes)
    assert RecordTotals().by_episode(20) == {}
