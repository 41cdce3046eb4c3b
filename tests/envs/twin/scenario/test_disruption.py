"""Each kind of event does what it says, on the small network."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import Scenario
from entrepot.envs.world import World
from tests.worlds.befallen import befallen, drawn

SEA = {"modes": ["sea"]}
CLOSURE = {"kind": "lane_closure", "where": SEA, "starts": 20, "days": 12}
EVERYTHING: dict[str, Any] = {
    "closure": {**CLOSURE, "known": {"in_advance": 5}},
    "stop": {"kind": "supplier_stop", "rate_per_year": 6, "days": {"low": 3, "high": 9}},
    "fire": {"kind": "node_closed", "at": {"names": ["shop"]}, "starts": 25, "days": 5, "stock_lost_share": 0.37},
    "surge": {"kind": "demand_surge", "rate_per_year": 12, "days": 3, "factor": 2.5},
    "prices": {"kind": "price_surge", "starts": 10, "days": 9, "factor": 2, "known": {"late": 2}},
    "hold": {"kind": "customs_hold", "into": {"countries": ["US"]}, "rate_per_year": 9, "days": 6},
    "storm": {"kind": "equipment_storm", "hazard_factor": 5, "throughput_share": 0.1, "starts": 15, "days": 5},
    "port": {"kind": "port_closure", "at": {"countries": ["US"]}, "rate_per_year": 6, "days": 4},
    "jam": {"kind": "congestion", "at": {"names": ["shop"]}, "starts": 40, "days": 10, "extra_days": 5},
    "cape": {"kind": "delay", "where": SEA, "rate_per_year": 3, "days": {"median": 9, "longest": 30}, "extra_days": 9},
}
HUB, SHOP = 0, 1
TRUCK, SHIP, PLANE = 0, 1, 2


def lived(world: World, scenario: Scenario, units: float = 40.0) -> list[Lived]:
    """The days of a network that orders the same on every lane every day, whatever is known."""
    simulation = world.simulation()
    orders = torch.full((scenario.episodes, len(world.network.lanes), len(world.network.skus)), units).double()
    days: list[Lived] = []

    def decide(snapshot: Snapshot) -> Decisions:
        return Decisions(orders)

    simulation.run(
        stocked(simulation, episodes=scenario.episodes), scenario, decide, overwrite=False, watch=days.append
    )
    return days


def arrivals(world: World, scenario: Scenario) -> Tensor:
    """[B, T, L] the day on which what is ordered on each day arrives."""
    order_days = world.parameters.lane.order_days[scenario.weekday]
    return torch.arange(scenario.days)[:, None] + order_days + scenario.delay_days


def held(day: Lived) -> Tensor:
    """[B, S] units anywhere in the network."""
    return (day.state.on_hand + day.state.dock + day.state.in_transit).sum(dim=1)


def test_where_nothing_befalls_a_network_its_scenarios_have_the_same_bits_and_no_more_fields() -> None:
    calm, struck = drawn(befallen()), drawn(befallen(fire=EVERYTHING["fire"]))
    for name in ("demand", "delay_days", "rounding", "season_ahead", "weekday", "supplier_up", "price_surge"):
        assert torch.equal(getattr(calm, name), getattr(struck, name)), name
    for name in ("stock_lost", "known_lane_open", "known_lane_wait_days", "lane_shuts_in_days", "known_equipment"):
        assert getattr(calm, name) is None
    assert all(day.flows.destroyed is None for day in lived(befallen(), calm))


def test_another_event_changes_no_number_of_those_that_were_there() -> None:
    one = drawn(befallen(surge=EVERYTHING["surge"]))
    both = drawn(befallen(prices=EVERYTHING["prices"], surge=EVERYTHING["surge"]))
    assert torch.equal(one.demand, both.demand)


def test_units_are_conserved_whatever_happens() -> None:
    world = befallen(**EVERYTHING)
    days = lived(world, drawn(world, episodes=4, days=90))
    destroyed = 0.0
    for before, day in pairwise(days):
        flows = day.flows
        produced = flows.shipped[:, world.parameters.supplier.lanes].sum(dim=1)
        out = flows.served.sum(dim=(0, 2))
        lost = 0 * out if flows.destroyed is None else flows.destroyed.sum(dim=1)
        assert torch.equal(held(day), held(before) + produced + flows.restocked.sum(dim=1) - out - lost)
        assert torch.equal(day.state.in_transit, day.state.pipeline.sum(dim=1).transpose(0, 1))
        assert min(float(day.state.on_hand.min()), float(day.state.dock.min())) >= 0
        destroyed += float(lost.sum())
    assert destroyed > 0


def test_a_batch_is_the_same_as_its_episodes_one_by_one() -> None:
    scenario = drawn(befallen(**EVERYTHING), episodes=3, days=50)
    together = lived(befallen(**EVERYTHING), scenario)
    for episode in range(3):
        alone = lived(befallen(**EVERYTHING), scenario.episodes_at(slice(episode, episode + 1)))
        assert torch.equal(alone[-1].state.on_hand[0], together[-1].state.on_hand[episode])
        assert torch.equal(alone[25].costs.total[0], together[25].costs.total[episode])


def test_before_an_event_starts_a_network_that_doesnt_know_of_it_lives_the_same_days() -> None:
    struck = befallen(closure=CLOSURE, hold={**EVERYTHING["hold"], "rate_per_year": None, "starts": 20})
    with_it, without = drawn(struck), drawn(befallen())
    assert torch.equal(with_it.lane_open[:, :20], without.lane_open[:, :20])
    for one, other in zip(lived(struck, with_it)[:20], lived(befallen(), without)[:20], strict=True):
        assert torch.equal(one.state.on_hand, other.state.on_hand)
        assert torch.equal(one.flows.served, other.flows.served)
        assert torch.equal(one.costs.total, other.costs.total)


def test_a_closed_lane_takes_nothing_and_what_was_booked_goes_with_the_first_departure_after() -> None:
    world = befallen(closure=CLOSURE)
    scenario, calm = drawn(world), drawn(befallen())
    days = lived(world, scenario)
    assert all(float(day.flows.shipped[:, SHIP].sum()) == 0 for day in days[20:32])
    assert all(float(day.flows.shipped[:, SHIP].sum()) > 0 for day in (days[19], days[32]))
    wait = world.parameters.lane.wait_days[scenario.weekday][..., SHIP]
    leaves = torch.arange(60) + wait
    falls_in = (leaves >= 20) & (leaves < 32) & (torch.arange(60) < 20)
    assert falls_in.any()
    later = scenario.delay_days[..., SHIP] - calm.delay_days[..., SHIP]
    departs = (leaves + later)[falls_in]
    assert (departs >= 32).all()
    assert (departs < 32 + 7).all()
    assert (later[~falls_in & (torch.arange(60) < 20)] == 0).all()


def test_a_closure_known_in_advance_shows_in_the_days_to_the_next_departure() -> None:
    world = befallen(closure={**CLOSURE, "known": {"in_advance": 5}})
    scenario = drawn(world)
    usual = world.parameters.lane.wait[scenario.weekday][..., SHIP]
    assert scenario.known_lane_wait_days is not None
    wait, days = scenario.known_lane_wait_days[..., SHIP], torch.arange(60).double()
    leaves = days + wait
    known = (days >= 15) & (days < 32)
    assert torch.equal(wait[:, ~known], usual[:, ~known])
    assert not ((leaves >= 20) & (leaves < 32))[:, known].any()
    assert scenario.lane_shuts_in_days is not None
    assert scenario.lane_reopens_in_days is not None
    assert scenario.lane_shuts_in_days[0, 14:22, SHIP].tolist() == [366, 5, 4, 3, 2, 1, 0, 0]
    assert scenario.lane_reopens_in_days[0, 14:22, SHIP].tolist() == [0, 17, 16, 15, 14, 13, 12, 11]
    assert scenario.lane_shuts_in_days[0, 32, SHIP] == 366


def test_a_closure_known_late_is_not_seen_before_and_its_end_never() -> None:
    world = befallen(closure={**CLOSURE, "known": {"late": 3}})
    scenario = drawn(world)
    simulation = world.simulation()
    opening = stocked(simulation, episodes=3)
    seen = [simulation.observe(opening, scenario.at(day)) for day in range(60)]
    assert [float(seen[day].lane_open[0, SHIP]) for day in (20, 22, 23, 31, 32)] == [1, 1, 0, 0, 1]
    assert all(float(scenario.at(day).lane_open[0, SHIP]) == 0 for day in range(20, 32))
    reopens = seen[25].lane_reopens_in_days
    assert reopens is not None
    assert reopens[0, SHIP] == 366


def test_a_delay_adds_its_days_to_what_departs_meanwhile() -> None:
    event = {"kind": "delay", "where": SEA, "starts": 20, "days": 10, "extra_days": 9}
    world = befallen(cape=event)
    more = drawn(world).delay_days - drawn(befallen()).delay_days
    leaves = torch.arange(60) + world.parameters.lane.wait_days[drawn(world).weekday][..., SHIP]
    assert torch.equal(more[..., SHIP], 9 * ((leaves >= 20) & (leaves < 30)))
    assert not more[..., [TRUCK, PLANE]].any()
    assert world.network.pipeline_days == befallen().network.pipeline_days + 9


def test_what_would_arrive_in_a_closed_port_or_at_shut_customs_waits_until_it_is_over() -> None:
    for event, lanes in (
        ({"kind": "port_closure", "at": {"names": ["shop"]}}, [SHIP]),
        ({"kind": "customs_hold", "into": {"names": ["shop"]}}, [SHIP, PLANE]),
    ):
        world = befallen(hold={**event, "starts": 30, "days": 10})
        usual, now = arrivals(befallen(), drawn(befallen())), arrivals(world, drawn(world))
        caught = (usual >= 30) & (usual < 40)
        assert caught[..., lanes].any()
        expected = usual.clone()
        expected[..., lanes] = torch.where(caught, 40, usual)[..., lanes]
        assert torch.equal(now, expected)


def test_congestion_makes_arrivals_later() -> None:
    world = befallen(jam={"kind": "congestion", "at": {"names": ["shop"]}, "starts": 30, "days": 10, "extra_days": 5})
    usual, now = arrivals(befallen(), drawn(befallen()))[..., SHIP], arrivals(world, drawn(world))[..., SHIP]
    assert torch.equal(now, usual + 5 * ((usual >= 30) & (usual < 40)))


def test_a_stopped_supplier_delivers_nothing_and_what_is_in_production_waits() -> None:
    world = befallen(stop={"kind": "supplier_stop", "starts": 20, "days": 10})
    scenario = drawn(world)
    days = lived(world, scenario)
    assert all(float(day.flows.shipped[:, TRUCK].sum()) == 0 for day in days[20:30])
    later = (scenario.delay_days - drawn(befallen()).delay_days)[0, :, TRUCK]
    # Five days of production: what is ordered on day 15 is ready before day 20, what is ordered on day 16 isn't.
    assert later[:20].tolist() == [0] * 16 + [10] * 4
    assert later[30:].sum() == 0
    simulation = world.simulation()
    seen = simulation.observe(stocked(simulation, episodes=3), scenario.at(25))
    assert seen.lane_open[0].tolist() == [0, 1, 1]


def test_production_that_is_interrupted_twice_waits_twice() -> None:
    world = befallen(
        first={"kind": "supplier_stop", "starts": 20, "days": 4},
        second={"kind": "supplier_stop", "starts": 26, "days": 4},
    )
    later = (drawn(world).delay_days - drawn(befallen()).delay_days)[0, :, TRUCK]
    assert later[19] == 4 + 4  # a day of work, four of rest, two of work, four of rest, two of work


def test_demand_is_the_factor_times_as_much_in_the_mean_and_whole() -> None:
    world = befallen(surge={"kind": "demand_surge", "starts": 20, "days": 20, "factor": 1.7})
    usual, now = drawn(befallen(), episodes=40).demand, drawn(world, episodes=40).demand
    assert torch.equal(now[:, :20], usual[:, :20])
    assert torch.equal(now, now.round())
    ratio = now[:, 20:40].sum() / usual[:, 20:40].sum()
    assert abs(float(ratio) - 1.7) < 0.01
    assert ((now - 1.7 * usual)[:, 20:40].abs() < 1).all()


def test_freight_costs_the_factor_times_as_much() -> None:
    world = befallen(prices={"kind": "price_surge", "where": SEA, "starts": 20, "days": 10, "factor": 3})
    scenario = drawn(world)
    with_it, without = lived(world, scenario), lived(befallen(), drawn(befallen()))
    more = [float((a.costs.freight - b.costs.freight).sum()) for a, b in zip(with_it, without, strict=True)]
    assert all(extra == 0 for extra in more[:20] + more[30:])
    assert all(extra > 0 for extra in more[20:30])
    assert torch.equal(with_it[-1].state.on_hand, without[-1].state.on_hand)


def test_a_fire_takes_its_share_of_stock_at_its_value_and_closes_the_node() -> None:
    world = befallen(fire={**EVERYTHING["fire"], "starts": 20, "days": 5})
    days = lived(world, drawn(world))
    before, first = days[19].state, days[20]
    assert first.flows.destroyed is not None
    expected = torch.floor(0.37 * before.on_hand) + torch.floor(0.37 * before.dock)
    expected[:, HUB] = 0
    assert torch.equal(first.flows.destroyed, expected)
    assert days[21].flows.destroyed is None
    value = expected @ world.parameters.sku.unit_value_usd
    calm = lived(befallen(), drawn(befallen()))[20]
    torch.testing.assert_close(first.costs.scrap - calm.costs.scrap, value)
    at_shop = world.parameters.option.at_node[:, SHOP]  # [R, M]
    for day in days[20:25]:
        assert float(day.flows.unloaded[:, SHOP].sum()) == 0
        assert float((day.flows.served.sum(dim=-1) * at_shop[:, None]).sum()) == 0
    assert float(days[25].flows.unloaded[:, SHOP].sum()) > 0


def test_equipment_that_wears_fails_more_often_in_a_storm_and_elsewhere_works_at_a_share() -> None:
    storm = {"kind": "equipment_storm", "hazard_factor": 5, "throughput_share": 0.5, "starts": 20, "days": 10}
    usual, now = drawn(befallen("kreen_inside")), drawn(befallen("kreen_inside", storm=storm))
    assert usual.equipment_threshold is not None
    assert now.equipment_threshold is not None
    torch.testing.assert_close(now.equipment_threshold[:, 20:30], usual.equipment_threshold[:, 20:30] / 5)
    assert torch.equal(now.equipment_threshold[:, :20], usual.equipment_threshold[:, :20])
    elsewhere = drawn(befallen(storm=storm))
    assert elsewhere.equipment[0, 19:31, SHOP].tolist() == [1] + [0.5] * 10 + [1]


def test_what_comes_at_a_rate_comes_as_often_as_it_says_and_lasts_as_long() -> None:
    """Of a Poisson process with rate λ, days without any of length d have the share exp(−λ d)."""
    world = befallen(prices={"kind": "price_surge", "rate_per_year": 8.0, "days": {"low": 5, "high": 15}, "factor": 2})
    surge = drawn(world, episodes=600, days=100).price_surge[..., 0] > 1
    starts = surge[:, 1:] & ~surge[:, :-1]
    quiet = np.exp(-8.0 / 365 * 10)
    share = float((~surge).double().mean())
    assert abs(share - quiet) < 0.012
    # A stretch of events begins where none was the day before.
    expected = quiet * (1 - np.exp(-8.0 / 365))
    assert abs(float(starts.double().mean()) - expected) < 0.15 * expected
