import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from entrepot.configs.loader import locate
from entrepot.envs.demand.calibrated import CalibratedDemand
from entrepot.envs.world import World, build_world
from entrepot.training.content import content_of, differences, digest


def test_the_same_content_in_another_file_is_the_same(world: World, tmp_path: Path) -> None:
    moved = shutil.copy(locate("network", "two_warehouses"), tmp_path / "mine.yaml")
    assert content_of(build_world(str(moved))) == content_of(world)


def test_what_changed_is_named(world: World, tmp_path: Path) -> None:
    text = locate("network", "two_warehouses").read_text(encoding="utf-8")
    assert "usd_per_unit" in text
    (tmp_path / "mine.yaml").write_text(text.replace("transit: {days: ", "transit: {days: 1"), encoding="utf-8")
    other = build_world(str(tmp_path / "mine.yaml"))
    assert differences(content_of(world), content_of(other)) == ["network.lanes"]


def test_a_unit_more_on_one_day_is_another_demand(world: World) -> None:
    demand = world.demand
    assert isinstance(demand, CalibratedDemand)
    size = demand.size.copy()
    size[0, 0] *= 1.001
    changed = replace(world, demand=replace(demand, size=size))
    assert differences(content_of(world), content_of(changed)) == ["demand.size"]
    words = replace(world, demand=replace(demand, summary="another word"))
    assert content_of(words) == content_of(world)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 1.0}),
        (["ab", "c"], ["a", "bc"]),
        (np.zeros(2), np.zeros((2, 1))),
        (np.array([1.0], np.float32), np.array([1.0000001], np.float32)),
        (None, "null"),
        ([], {}),
    ],
)
def test_unlike_values_have_unlike_digests(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_last_digits_of_derived_figures_and_the_order_of_keys_do_not_count() -> None:
    assert digest(np.array([1 / 3, np.inf, 0.0])) == digest(np.array([1 / 3 + 1e-16, np.inf, 0.0]))
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
