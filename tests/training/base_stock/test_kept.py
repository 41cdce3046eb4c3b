import json
from pathlib import Path

import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import BASE_STOCK_FILE, Tuning, fingerprint, tuned_base_stock
from entrepot.training.base_stock.tuning import TunedBaseStock, save_base_stock
from entrepot.training.experiment import BaseStockSettings
from tests.envs.demand.calibration.histories import model_of, shop_description, written
from tests.training.tiny import tiny_world


def at(path: Path) -> Tuning:
    return Tuning(settings=BaseStockSettings(path=str(path)), folder=path / "none")


def test_covers_that_were_tuned_before_are_taken_from_a_runs_folder_or_its_file(world: World, tmp_path: Path) -> None:
    tuned = TunedBaseStock(torch.arange(12.0).reshape(3, 4), 5, 100, 1.5)
    save_base_stock(tuned, world.network, tmp_path / BASE_STOCK_FILE)
    for path in (tmp_path, tmp_path / BASE_STOCK_FILE):
        assert torch.equal(tuned_base_stock(world, at(path)).cover, tuned.cover)


def test_covers_tuned_on_another_network_are_refused(world: World, tmp_path: Path) -> None:
    other = tiny_world(skus=6)
    tuned = TunedBaseStock(torch.ones(3, 6), 5, 100, 1.5)
    save_base_stock(tuned, other.network, tmp_path / BASE_STOCK_FILE)
    with pytest.raises(ConfigurationError, match=r"other SKUs: it has besides sku-00005, sku-00006"):
        tuned_base_stock(world, at(tmp_path))


def test_covers_are_joined_by_name_and_not_by_place(world: World, tmp_path: Path) -> None:
    tuned = TunedBaseStock(torch.arange(12.0).reshape(3, 4), 5, 100, 1.5)
    path = tmp_path / BASE_STOCK_FILE
    save_base_stock(tuned, world.network, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cover_days"] = {lane: dict(reversed(row.items())) for lane, row in reversed(content["cover_days"].items())}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert torch.equal(tuned_base_stock(world, at(path)).cover, tuned.cover)


def test_a_path_without_tuned_covers_is_refused_with_what_is_allowed(world: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"base_stock\.path: .*allowed: a run's folder with base_stock\.json"):
        tuned_base_stock(world, at(tmp_path / "nowhere"))


def test_covers_are_kept_apart_where_the_same_sales_are_of_other_skus(tmp_path: Path) -> None:
    names = (("grinder", "filter"), ("filter", "grinder"))
    worlds = [build_world(shop_description(), model_of(written(tmp_path, names=pair))) for pair in names]
    assert worlds[0].demand.summary == worlds[1].demand.summary
    assert len({fingerprint(world, Tuning()) for world in worlds}) == 2
