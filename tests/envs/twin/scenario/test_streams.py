"""Every source of a scenario has a stream of its own."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from entrepot.envs.demand import Split
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.twin.scenario import Day, Scenario
from entrepot.envs.twin.scenario.sources import SOURCES, Stretch, drawn, scenario_source
from entrepot.envs.twin.scenario.streams import Streams
from tests.poisson_demand import PoissonDemand


@pytest.fixture(scope="module")
def stretch() -> Stretch:
    """Two episodes of twenty days of a network with everything that sources tell of."""
    records = {"records": load_network("kreen_records").records}
    network = load_network("kreen_inside", skus=2).model_copy(update=records)
    first_day = np.array([15_000, 16_000])
    return Stretch(NetworkArrays.from_description(network), PoissonDemand.of(network, 3.0), Split.TRAIN, first_day, 20)


def greedy(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float64]:
    """A source that takes many numbers."""
    return rng.random((*stretch.shape, 1000))


def assert_equal(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> None:
    assert one.keys() >= set(SOURCES)
    for name in SOURCES:
        np.testing.assert_array_equal(one[name], other[name])


def test_a_new_source_changes_no_number_of_the_others(stretch: Stretch) -> None:
    streams = Streams(7, Split.TRAIN)
    usual = drawn(stretch, streams, SOURCES)
    assert_equal(usual, drawn(stretch, streams, {"before": greedy, **SOURCES, "after": greedy}))


def test_the_order_of_sources_changes_no_number(stretch: Stretch) -> None:
    streams = Streams(7, Split.TRAIN)
    usual = drawn(stretch, streams, SOURCES)
    assert_equal(usual, drawn(stretch, streams, dict(reversed(SOURCES.items()))))


def test_seed_split_and_name_each_give_another_stream() -> None:
    numbers = {
        Streams(seed, split).of(name).random()
        for seed in (0, 1)
        for split in Split
        for name in ("demand", "delay_days", "rounding")
    }
    assert len(numbers) == 2 * 3 * 3


def test_streams_are_the_same_in_every_process() -> None:
    assert Streams(0, Split.TRAIN).of("demand").integers(0, 2**32, 3).tolist() == [9609535, 1805803360, 1707553616]


def test_a_field_has_one_source() -> None:
    with pytest.raises(ValueError, match=r"'demand' has a source already: entrepot\.envs\.twin\.scenario\.demand"):
        scenario_source("demand")(greedy)


def test_sources_fill_fields_of_the_scenario_and_a_days_fields_are_the_scenarios_without_the_days() -> None:
    axes = Scenario.axes()
    assert set(SOURCES) <= set(axes)
    assert {name: axes[name].names.replace("T", "") for name in axes if name != "first_day"} == {
        name: day.names for name, day in Day.axes().items()
    }
    assert [field.name for field in fields(Day)] == [f.name for f in fields(Scenario) if f.name != "first_day"]
