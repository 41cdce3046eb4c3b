from pathlib import Path

import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import BaseStockSettings, World
from entrepot.training.files import write_atomically
from entrepot.training.learned import neural_policy
from entrepot.training.policies import BASE_STOCK_FILE, Tuning, build_policies, load_run, tuned_base_stock
from entrepot.training.tuning import TunedBaseStock, save_base_stock
from tests.training.tiny import tiny_experiment, tiny_world


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    experiment = tiny_experiment(tmp_path)
    write_atomically(folder / "experiment.json", experiment.model_dump_json())
    module = neural_policy(experiment).state_dict()
    torch.save({"module": module, "cover_days": torch.ones(3, 4)}, folder / "policy.pt")
    return folder


def test_an_unknown_name_is_told_what_is_allowed(world: World) -> None:
    with pytest.raises(ConfigurationError, match=r"'nobody'.*base_stock, hindsight, hindsight_joint, min_max, mpc"):
        build_policies(["nobody"], world, Tuning())


def test_a_name_that_stands_twice_is_refused(world: World) -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        build_policies(["min_max", "min_max"], world, Tuning())


def test_a_runs_folder_is_a_policy_under_its_own_name(world: World, run: Path) -> None:
    assert list(build_policies(["min_max", str(run)], world, Tuning())) == ["min_max", "tiny"]


def test_a_damaged_policy_file_is_refused_by_name(run: Path) -> None:
    (run / "policy.pt").write_bytes(b"no weights")
    with pytest.raises(ConfigurationError, match="tiny"):
        load_run(run)


def test_weights_of_another_shape_are_refused(run: Path) -> None:
    torch.save({"module": {"cell.weight": torch.zeros(2, 2)}, "cover_days": torch.ones(3, 4)}, run / "policy.pt")
    with pytest.raises(ConfigurationError, match="does not fit"):
        load_run(run)


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
    with pytest.raises(ConfigurationError, match=r"tuned on 3 lanes and 6 SKUs; the network has 3 and 4"):
        tuned_base_stock(world, at(tmp_path))


def test_a_path_without_tuned_covers_is_refused_with_what_is_allowed(world: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"base_stock\.path: .*allowed: a run's folder with base_stock\.json"):
        tuned_base_stock(world, at(tmp_path / "nowhere"))
