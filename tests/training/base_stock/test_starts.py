from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from entrepot.agents.rules.registry import rule_kinds
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.base_stock.starts import read_rule, rule_names

START: dict[str, Any] = {"cover": {"cheapest": 1.2, "others": 2.0}, "trust": [0.0, 0.5, 0.5, 0.0], "season": 0.2}


def written(folder: Path, **changed: Any) -> str:
    path = folder / "mine.yaml"
    start = {name: value for name, value in (START | changed).items() if value is not None}
    path.write_text(yaml.safe_dump({"kind": "base_stock", "starts": [start]}))
    return str(path)


def test_every_rule_that_ships_can_be_read_and_starts_in_several_places(world: World) -> None:
    assert set(rule_names()) == set(rule_kinds()) == {"base_stock", "s_S", "forecast_base_stock"}
    for name in rule_names():
        openings = read_rule(name).openings(world.attributes, [1.0])
        assert len(openings) >= 3
        assert all(torch.isfinite(value).all() for opening in openings for value in opening.values())


def test_covers_are_told_as_factors_on_the_textbooks(world: World, tmp_path: Path) -> None:
    (opening,) = read_rule(written(tmp_path)).openings(world.attributes, [1.0])
    cheapest = world.attributes.lane_primary > 0.5
    textbook = world.attributes.base_cover_days
    torch.testing.assert_close(opening["cover"], torch.where(cheapest, 1.2 * textbook, 2.0 * textbook))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"season": None}, r"starts\[0\]: cover, trust; allowed: cover, trust, season, each of them"),
        ({"patience": 3.0}, r"starts\[0\]: .*patience.*; allowed: cover, trust, season"),
        ({"trust": [0.5, 0.5]}, r"starts\[0\]\.trust: \[0\.5, 0\.5\]; allowed: 4 numbers, of last_7_days"),
        ({"trust": [0.5, 0.5, 0.5, 0.5]}, "that sum to 1"),
        ({"season": 2.0}, r"starts\[0\]\.season: 2\.0; allowed: a number, each within 0 and 1"),
        ({"cover": 1.0}, r"starts\[0\]\.cover: 1\.0; allowed: \{cheapest: …, others: …\}"),
    ],
)
def test_a_start_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_rule(written(tmp_path, **changed))


def test_an_unknown_kind_is_told_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("kind: guess\nstarts: [{}]\n")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml: kind: 'guess'; allowed: base_stock, forecast"):
        read_rule(str(path))
