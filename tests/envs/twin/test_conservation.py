"""No unit appears from nowhere or vanishes, and none is ever negative or cut in pieces."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from entrepot.envs.twin import State, TwinParameters
from tests.worlds import Record, World, few, tensors_of, worlds


def held(state: State) -> Tensor:
    """[B, S] units anywhere in the network."""
    return (state.on_hand + state.dock + state.in_transit).sum(dim=1)


def imbalance(parameters: TwinParameters, record: Record) -> Tensor:
    """[B, S] opening + produced + returned − on hand − dock − in transit − sold − scrapped − removed − expired."""
    flows = record.flows
    produced = flows.shipped[:, parameters.supplier.lanes].sum(dim=1)
    returned = (flows.restocked + flows.scrapped).sum(dim=1)
    sold = flows.served.sum(dim=(0, 2))
    gone = sold + (flows.scrapped + removed(record)).sum(dim=1)
    return held(record.before) + produced + returned - held(record.after) - gone


def removed(record: Record) -> Tensor:
    """[B, N, S] units that Amazon's centres removed, and those that expired."""
    none = torch.zeros_like(record.after.on_hand)
    return sum((gone for gone in (record.flows.removed, record.flows.expired) if gone is not None), none)


@few
@given(worlds())
def test_whole_units_are_conserved_exactly(world: World) -> None:
    for record in world.run():
        assert (imbalance(world.parameters, record) == 0).all()


@few
@given(worlds(whole=False, dtypes=(torch.float64,)))
def test_fractions_are_conserved_to_rounding(world: World) -> None:
    for record in world.run(whole_units=False):
        torch.testing.assert_close(imbalance(world.parameters, record), 0 * held(record.before), atol=1e-9, rtol=0)


@few
@given(worlds())
def test_every_node_balances(world: World) -> None:
    parameters = world.parameters
    for record in world.run():
        before, flows, after = record.before, record.flows, record.after
        picked = torch.einsum("rnm,rbms->bns", parameters.option.at_node, flows.served)
        sent = parameters.lane.from_node @ flows.shipped
        sent_here = parameters.lane.to_node @ flows.shipped
        on_hand = before.on_hand + flows.unloaded - picked - sent - after.on_hand
        dock = before.dock + flows.arrived + flows.restocked - flows.unloaded - after.dock
        assert torch.equal(on_hand + dock, removed(record))
        assert (on_hand >= 0).all()
        assert (dock >= 0).all()
        assert torch.equal(after.in_transit, before.in_transit - flows.arrived + sent_here)


@few
@given(worlds())
def test_in_transit_is_the_sum_of_the_pipeline(world: World) -> None:
    for record in world.run():
        assert torch.equal(record.after.in_transit, record.after.pipeline.sum(dim=1).transpose(0, 1))
        by_days = record.after.pipeline_by_days()
        assert torch.equal(record.after.in_transit, by_days.sum(dim=-1))


@few
@given(worlds())
def test_nothing_is_negative(world: World) -> None:
    for whole_units in (True, False):
        for record in world.run(whole_units=whole_units):
            for part in (record.after, record.flows, record.costs):
                for name, value in tensors_of(part).items():
                    assert (value >= 0).all(), name


@few
@given(worlds())
def test_whole_units_stay_whole(world: World) -> None:
    for record in world.run():
        for part in (record.after, record.flows):
            for name in (
                "on_hand",
                "dock",
                "pipeline",
                "in_transit",
                "backlog",
                *record.flows.axes(),
            ):
                value = getattr(part, name, None)
                assert value is None or torch.equal(value, value.round()), name


@few
@given(worlds(dtypes=(torch.float64,)))
def test_what_customers_may_send_back_grows_by_sales_and_shrinks_by_returns(world: World) -> None:
    parameters = world.parameters
    for record in world.run():
        sold = record.flows.served.sum(dim=0) * parameters.market.returns_share[:, None]
        back = record.flows.restocked + record.flows.scrapped
        expected = sent_back(parameters, record.before) + parameters.market.direct_share @ sold - back
        torch.testing.assert_close(sent_back(parameters, record.after), expected, atol=1e-9, rtol=1e-9)


def sent_back(parameters: TwinParameters, state: State) -> Tensor:
    """[B, N, S] units that will come back or be exchanged, that wait to be inspected and that are refurbished."""
    outside = state.with_customers.sum(dim=0)
    if state.exchanges is not None:
        outside = outside + parameters.market.direct_share @ state.exchanges.with_customers.sum(dim=0).transpose(0, 1)
    if state.inspection is None:
        return outside
    return outside + (state.inspection.waiting.sum(dim=0) + state.inspection.on_bench.sum(dim=0)).transpose(0, 1)


@few
@given(worlds())
def test_demand_is_served_or_waits_or_is_lost(world: World) -> None:
    for record in world.run():
        flows = record.flows
        served_today = flows.served.sum(dim=0) - flows.served_backlog
        exchanged = torch.zeros_like(flows.lost) if flows.exchanged is None else flows.exchanged
        waits = record.after.backlog - record.before.backlog - exchanged + flows.served_backlog
        assert torch.equal(flows.demand, served_today + waits + flows.lost)
        assert (waits >= 0).all()
        assert (flows.served_backlog <= record.before.backlog + exchanged).all()
        assert (served_today <= flows.demand).all()


@few
@given(worlds(exchange=st.just(True), dtypes=(torch.float64,)))
def test_what_is_exchanged_was_sold_by_its_market_and_comes_back_before_it_is_asked_for_again(world: World) -> None:
    parameters = world.parameters
    for record in world.run():
        if record.flows.exchanged is None:
            continue
        assert parameters.exchange is not None
        assert record.before.exchanges is not None
        assert record.after.exchanges is not None
        exchanges = (record.before.exchanges, record.after.exchanges)
        before, after = (one.with_customers.sum(dim=0).transpose(0, 1) for one in exchanges)
        sold = record.flows.served.sum(dim=0) * parameters.exchange.share.flatten()[:, None] * 2
        torch.testing.assert_close(after, before + sold - record.flows.exchanged, atol=1e-9, rtol=1e-9)
        assert (record.flows.exchanged <= before + 1e-9).all()
