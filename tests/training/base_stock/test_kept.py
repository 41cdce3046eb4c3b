import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibrated import CalibratedDemand
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.file import TunedRule, save_rule
from entrepot.training.base_stock.kept import Tuning, tuned_base_stock, what_is_tuned_on
from entrepot.training.content import content_of
from entrepot.training.experiment import BASE_STOCK_FILE, BaseStockSettings
from tests.envs.demand.calibration.histories import model_of, shop_description, written
from tests.worlds.runs import WINDOWS
from tests.worlds.tiny import tiny_world


def at(path: Path) -> Tuning:
    return Tuning(settings=BaseStockSettings(path=str(path)), folder=path / "none")


def test_covers_that_were_tuned_before_are_taken_from_a_runs_folder_or_its_file(world: World, tmp_path: Path) -> None:
    tuned = TunedRule.of_covers(torch.arange(12.0).reshape(3, 4), 5, 100, 1.5)
    save_rule(tuned, world.network, tmp_path / BASE_STOCK_FILE)
    for path in (tmp_path, tmp_path / BASE_STOCK_FILE):
        assert torch.equal(tuned_base_stock(world, at(path)).cover, tuned.cover)


def test_covers_tuned_on_another_network_are_refused(world: World, tmp_path: Path) -> None:
    other = tiny_world(skus=6)
    tuned = TunedRule.of_covers(torch.ones(3, 6), 5, 100, 1.5)
    save_rule(tuned, other.network, tmp_path / BASE_STOCK_FILE)
    with pytest.raises(ConfigurationError, match=r"other SKUs: it has besides sku-00005, sku-00006"):
        tuned_base_stock(world, at(tmp_path))


def test_covers_are_joined_by_name_and_not_by_place(world: World, tmp_path: Path) -> None:
    tuned = TunedRule.of_covers(torch.arange(12.0).reshape(3, 4), 5, 100, 1.5)
    path = tmp_path / BASE_STOCK_FILE
    save_rule(tuned, world.network, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cover_days"] = {lane: dict(reversed(row.items())) for lane, row in reversed(content["cover_days"].items())}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert torch.equal(tuned_base_stock(world, at(path)).cover, tuned.cover)


def test_a_path_without_tuned_covers_is_refused_with_what_is_allowed(world: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"base_stock\.path: .*allowed: a run's folder with base_stock\.json"):
        tuned_base_stock(world, at(tmp_path / "nowhere"))


def brief(folder: Path) -> Tuning:
    return Tuning(settings=BaseStockSettings(iterations=1), windows=WINDOWS, folder=folder)


def test_covers_are_tuned_once_for_the_same_content(world: World, tmp_path: Path) -> None:
    first = tuned_base_stock(world, brief(tmp_path))
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    assert torch.equal(tuned_base_stock(world, brief(tmp_path)).cover, first.cover)
    assert kept.stat().st_mtime_ns == written


def test_kept_covers_are_used_only_if_they_were_tuned_on_this_very_content(world: World, tmp_path: Path) -> None:
    demand = world.demand
    assert isinstance(demand, CalibratedDemand)
    tuned_base_stock(world, brief(tmp_path))
    # The mean and the words about it are the same.
    burstier = replace(world, demand=replace(demand, size=demand.size / 2))
    tuned_base_stock(burstier, brief(tmp_path))
    assert len(list(tmp_path.iterdir())) == 2
    for file in tmp_path.iterdir():  # somebody else's, under this very name
        content = json.loads(file.read_text())
        file.write_text(json.dumps(content | {"tuned_on": {}, "cover_days": {}}))
    again = tuned_base_stock(world, brief(tmp_path))
    assert again.cover.shape == (3, 4)


def test_covers_of_a_path_say_what_is_not_as_it_was_there(world: World, tmp_path: Path) -> None:
    demand = world.demand
    assert isinstance(demand, CalibratedDemand)
    tuned = TunedRule.of_covers(torch.ones(3, 4), 5, 100, 1.5)
    save_rule(tuned, world.network, tmp_path / BASE_STOCK_FILE, tuned_on=content_of(world))
    assert tuned_base_stock(world, at(tmp_path)).elsewhere == ()
    burstier = replace(world, demand=replace(demand, size=demand.size / 2))
    assert "where other than here: demand.size" in tuned_base_stock(burstier, at(tmp_path)).budget


def test_covers_are_kept_apart_where_the_same_sales_are_of_other_skus(tmp_path: Path) -> None:
    names = (("grinder", "filter"), ("filter", "grinder"))
    worlds = [build_world(shop_description(), model_of(written(tmp_path, names=pair))) for pair in names]
    assert worlds[0].demand.summary == worlds[1].demand.summary
    assert what_is_tuned_on(worlds[0], Tuning()) != what_is_tuned_on(worlds[1], Tuning())
