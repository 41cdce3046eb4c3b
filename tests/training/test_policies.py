from pathlib import Path

import pytest
import torch
import yaml

from entrepot.agents.module_agent import ModuleAgent
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import BaseStockSettings, DemandSettings, World, build_world
from entrepot.training.exported_policy import ExportedPolicy
from entrepot.training.exporting import export_run
from entrepot.training.learned import neural_policy
from entrepot.training.policies import BASE_STOCK_FILE, Tuning, build_policies, load_run, tuned_base_stock
from entrepot.training.tuning import TunedBaseStock, save_base_stock
from tests.training.tiny import WINDOWS, tiny_experiment, tiny_world


@pytest.fixture
def run(world: World, tmp_path: Path) -> Path:
    return untrained_run(world, tmp_path)


def untrained_run(world: World, place: Path) -> Path:
    """A run's folder; every cover of its own is a day."""
    folder = place / "tiny"
    experiment = tiny_experiment(place)
    write_atomically(folder / "experiment.json", experiment.model_dump_json())
    module = neural_policy(experiment).state_dict()
    torch.save({"module": module, "cover_days": torch.ones(3, 4)}, folder / "policy.pt")
    save_base_stock(TunedBaseStock(torch.ones(3, 4), 5, 100, 1.5), world.network, folder / BASE_STOCK_FILE)
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


@pytest.fixture(scope="module", params=["run", "module"])
def learned(request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder, or that of its export."""
    place = tmp_path_factory.mktemp("learned")
    run = untrained_run(world, place)
    return run if request.param == "run" else export_run(run, place / "exported", version="0001")


def cover_of(policy: object) -> torch.Tensor:
    if isinstance(policy, ModuleAgent):
        return policy.attributes.base_cover_days
    assert isinstance(policy, ExportedPolicy)
    return torch.as_tensor(policy.network["base_cover_days"])


def brief(folder: Path) -> Tuning:
    return Tuning(settings=BaseStockSettings(iterations=1), windows=WINDOWS, folder=folder / "tuned")


def test_a_learned_policy_keeps_its_own_covers_on_the_demand_it_learnt_on(
    world: World, learned: Path, tmp_path: Path
) -> None:
    tuning = brief(tmp_path)
    policies = build_policies([str(learned)], world, tuning)
    assert torch.equal(cover_of(policies[learned.name]), torch.ones(3, 4))
    assert "its own covers" in tuning.budgets[learned.name]
    assert not (tmp_path / "tuned").exists()


def test_a_learned_policy_shares_the_covers_of_base_stock_on_any_other_demand(learned: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    every = {"distribution": "poisson", "mean": 9.0}
    elsewhere.write_text(yaml.safe_dump({"kind": "stationary", "every_market": every}))
    other = build_world("two_warehouses", DemandSettings(name=str(elsewhere)))
    tuning = brief(tmp_path)
    policies = build_policies([str(learned), "base_stock"], other, tuning)
    torch.testing.assert_close(cover_of(policies[learned.name]), tuned_base_stock(other, tuning).cover)
    assert tuning.budgets[learned.name].endswith(f"another network or demand: {tuning.budgets['base_stock']}")
    assert len(list((tmp_path / "tuned").iterdir())) == 1


def test_covers_of_a_run_whose_history_is_gone_are_not_taken_on_trust(world: World, run: Path) -> None:
    assert load_run(run).fits(world)
    gone = tiny_experiment(run.parent, "demand.path=gone.csv")
    write_atomically(run / "experiment.json", gone.model_dump_json())
    assert not load_run(run).fits(world)
