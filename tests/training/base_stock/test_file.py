import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.base_stock.file import RuleFile, TunedRule, load_rule, save_rule
from entrepot.training.base_stock.starts import read_rule, rule_names


def test_a_tuned_rule_comes_back_from_its_file(world: World, tmp_path: Path) -> None:
    tuned = TunedRule.of_covers(torch.arange(12.0).reshape(3, 4), 5, 100, 1.5)
    save_rule(tuned, world.network, tmp_path / "rule.json")
    back = load_rule(tmp_path / "rule.json", world.network)
    assert torch.equal(back.cover, tuned.cover)
    assert back.budget == tuned.budget


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"cover_days": {}}'])
def test_a_damaged_file_is_refused_by_name(world: World, tmp_path: Path, content: str) -> None:
    path = tmp_path / "rule.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"rule\.json"):
        load_rule(path, world.network)


def test_covers_are_joined_by_the_names_of_lanes_and_skus_whatever_their_order(world: World, tmp_path: Path) -> None:
    tuned = TunedRule.of_covers(torch.arange(12.0).reshape(3, 4), 5, 100, 1.5)
    save_rule(tuned, world.network, tmp_path / "rule.json")
    lanes, skus = tuple(reversed(world.network.lanes)), tuple(reversed(world.network.skus))
    turned = replace(world.network, lanes=lanes, skus=skus)
    file = RuleFile.read(tmp_path / "rule.json")
    assert file.has_just(turned)
    assert torch.equal(file.of(turned).cover, tuned.cover.flip(0, 1))


@pytest.mark.parametrize("name", rule_names())
def test_every_rule_comes_back_from_its_file_with_all_of_its_figures(world: World, tmp_path: Path, name: str) -> None:
    rule = read_rule(name)
    opening = rule.openings(world.attributes, [1.0])[0]
    tuned = TunedRule(name, rule.kind, opening, 5, 100, 1.5)
    save_rule(tuned, world.network, tmp_path / "rule.json")
    back = load_rule(tmp_path / "rule.json", world.network)
    assert (back.name, back.kind) == (name, rule.kind)
    for figure, value in opening.items():
        torch.testing.assert_close(back.figures[figure], value, atol=1e-4, rtol=1e-4)


def test_a_base_stock_that_was_kept_before_rates_were_tuned_has_the_rate_that_it_had(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "rule.json"
    save_rule(TunedRule.of_covers(torch.ones(3, 4), 5, 100, 1.5), world.network, path)
    content = json.loads(path.read_text())
    before = {name: value for name, value in content.items() if name not in ("trust", "season", "rule")}
    path.write_text(json.dumps(before | {"format": 2}))
    assert load_rule(path, world.network).figures["trust"].tolist() == [0.0, 0.5, 0.0, 0.5]
    path.write_text(json.dumps(before))
    with pytest.raises(ConfigurationError, match="holds no 'trust'"):
        load_rule(path, world.network)
