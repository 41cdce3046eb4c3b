"""Each field of a snapshot as the schema has it, and as plain NumPy makes it of what happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.network.records.description import CountPlan, NodeRecords, Records
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.model import observation_model_names
from entrepot.envs.observe.reading import EVERYTHING
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived, Simulation
from entrepot.envs.snapshot import calendar, statistics
from entrepot.envs.snapshot.schema import SNAPSHOT_FIELDS
from entrepot.envs.snapshot.season import SEASON_ENTRIES, season_ahead
from entrepot.envs.twin import Scenario
from entrepot.envs.world import World
from tests.worlds.tiny import tiny_scenario, tiny_world

DAYS, EPISODES = 30, 2
Arrays = dict[str, NDArray[Any]]


class Past:
    """A month that was lived through, what was known before it, and what is known after it."""

    def __init__(self, network: str, observation: str = "exact") -> None:
        self.world: World = tiny_world(network, 2)
        if observation == "erroneous":
            errors = Records(every_node=NodeRecords(mispick_share=0.1, booking_delay_days=2), counts=CountPlan.ABC)
            described = self.world.description.model_copy(update={"records": errors})
            self.world = World.of(described, self.world.demand)
        simulation = Simulation.of(self.world.parameters, self.world.attributes, observation=observation)
        self.scenario = impaired(tiny_scenario(self.world, episodes=EPISODES, days=DAYS + 1))
        self.lived: list[Lived] = []
        opening = stocked(simulation, episodes=EPISODES)
        self.before = snapshot_arrays(simulation.observe(opening, self.scenario.at(0), EVERYTHING))
        rule = base_cover_rule(self.world.attributes)
        present = simulation.run(opening, self.scenario, rule, days=DAYS, watch=self.lived.append)
        self.after = snapshot_arrays(simulation.observe(present, self.scenario.at(DAYS), EVERYTHING))

    def flow(self, name: str) -> NDArray[np.float64]:
        """[T, ...] of each day."""
        return np.stack([getattr(day.flows, name).numpy().astype(np.float64) for day in self.lived])


def impaired(scenario: Scenario) -> Scenario:
    """Lanes that are closed or carry less, and equipment that works less, on some days."""
    chance = torch.Generator().manual_seed(0)

    def share(like: Tensor) -> Tensor:
        return (1.5 * torch.rand(like.shape, generator=chance) - 0.2).clamp(0.0, 1.0)

    return replace(scenario, lane_open=share(scenario.lane_open), equipment=share(scenario.equipment))


@pytest.fixture(scope="module", params=["two_warehouses", "kreen"])
def past(request: pytest.FixtureRequest) -> Past:
    return Past(request.param)


@pytest.mark.parametrize("observation", observation_model_names())
@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
def test_every_field_has_the_axes_the_kind_and_the_range_that_the_schema_says(network: str, observation: str) -> None:
    past = Past(network, observation)
    parameters = past.world.parameters
    sizes = {"B": EPISODES, "N": parameters.nodes, "M": parameters.markets, "L": parameters.lanes}
    sizes |= {"S": parameters.skus, "H": parameters.pipeline_days, "W": SEASON_ENTRIES}
    for arrays in (past.before, past.after):
        assert list(arrays) == list(SNAPSHOT_FIELDS)
        for name, field in SNAPSHOT_FIELDS.items():
            values = arrays[name]
            assert values.shape == tuple(sizes[axis] for axis in field.axes), name
            assert values.dtype == field.dtype, name
            assert np.isfinite(values).all(), name
            assert ((values >= field.minimum) & (values <= field.maximum)).all(), name


def test_stock_is_what_it_was_and_what_came_less_what_left(past: Past) -> None:
    options = past.world.parameters.option.at_node.numpy()
    origin = past.world.network.lane.origin
    leaves = (origin == np.arange(len(past.world.network.nodes))[:, None]).astype(np.float64)  # [N, L]
    picked = np.einsum("rnm,trbms->bns", options, past.flow("served"))
    sent = np.einsum("nl,tbls->bns", leaves, past.flow("shipped"))
    unloaded, joined = past.flow("unloaded").sum(axis=0), (past.flow("arrived") + past.flow("restocked")).sum(axis=0)
    np.testing.assert_array_equal(past.after["on_hand"], past.before["on_hand"] + unloaded - picked - sent)
    np.testing.assert_array_equal(past.after["dock"], past.before["dock"] + joined - unloaded)


def test_the_pipeline_is_what_departed_by_days_to_its_arrival(past: Past) -> None:
    expected = np.zeros_like(past.after["pipeline"])
    destination = past.world.network.lane.destination
    for day in past.lived:
        ahead = day.number + day.flows.transit_days.numpy().astype(int) - DAYS  # [B, L]
        shipped = day.flows.shipped.numpy()
        for episode, lane in np.argwhere(ahead >= 0):
            expected[episode, destination[lane], :, ahead[episode, lane]] += shipped[episode, lane]
    assert expected.any()
    np.testing.assert_array_equal(past.after["pipeline"], expected)


def test_the_backlog_is_what_was_asked_for_and_neither_served_nor_lost(past: Past) -> None:
    asked, lost, served = (past.flow(name) for name in ("demand", "lost", "served"))
    waits = past.before["backlog"] + (asked - lost - served.sum(axis=1)).sum(axis=0)
    np.testing.assert_array_equal(past.after["backlog"], waits)


def test_statistics_of_demand_are_those_of_the_days_demand(past: Past) -> None:
    mean = np.asarray(past.world.demand.mean_units_per_day)
    for episode in range(EPISODES):
        found = statistics.after(statistics.opening_statistics(mean), past.flow("demand")[:, episode])
        for name, values in found.items():
            np.testing.assert_allclose(past.after[name][episode], values, rtol=1e-5, atol=1e-5, err_msg=name)


def test_calendar_season_departures_and_prices_are_those_of_the_date(past: Past) -> None:
    network, after = past.world.network, past.after
    today = past.scenario.first_day.numpy() + DAYS
    np.testing.assert_array_equal(after["weekday"], calendar.weekday(today))
    np.testing.assert_array_equal(after["day_of_year"], calendar.day_of_year(today))
    np.testing.assert_array_equal(after["lane_wait_days"], network.lane.wait_days[calendar.weekday(today)])
    price = network.node.storage_usd_per_m3_day[:, calendar.month(today)].T
    np.testing.assert_allclose(after["storage_price"], price, rtol=1e-6)
    season = season_ahead(np.asarray(past.world.demand.month_index), today, 1)[:, 0]
    np.testing.assert_allclose(after["season_ahead"], season, rtol=1e-6)


def test_conditions_are_those_of_the_day(past: Past) -> None:
    day = past.scenario.at(DAYS)
    np.testing.assert_array_equal(past.after["lane_open"], day.lane_open.numpy())
    np.testing.assert_array_equal(past.after["equipment"], day.equipment.numpy())
