from dataclasses import replace
from pathlib import Path

import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.base_stock.file import RuleFile, TunedRule, load_rule, save_rule


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
