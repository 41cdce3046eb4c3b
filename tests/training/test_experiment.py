import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from entrepot.configs.loader import ConfigurationError, configuration_folder, read_yaml
from entrepot.envs.demand.history import HistoryDemand
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.world import build_world
from entrepot.training.experiment import ExperimentSettings, compose_experiment, read_experiment
from entrepot.training.pathwise.settings import PathwiseSettings


def test_the_experiments_yaml_says_what_the_typed_models_default_to() -> None:
    written = read_yaml(configuration_folder() / "experiment.yaml")
    typed = ExperimentSettings(network=written["network"], run="any", trainer=PathwiseSettings()).model_dump()
    del written["defaults"], written["run"], typed["trainer"], typed["run"]
    assert written == typed


def test_the_trainers_yaml_says_what_its_typed_model_defaults_to() -> None:
    assert read_yaml(configuration_folder() / "trainer" / "pathwise.yaml") == PathwiseSettings().model_dump()


def test_overrides_apply_and_name_the_run() -> None:
    experiment = compose_experiment(["network=two_warehouses", "trainer.iterations=3", "seed=7"])
    assert (experiment.network, experiment.trainer.iterations, experiment.seed) == ("two_warehouses", 3, 7)
    assert experiment.run == "two_warehouses-pathwise"


def test_a_run_is_named_after_its_networks_file_wherever_that_lies() -> None:
    for network in ("/data/nets/mine.yaml", "../nets/mine.yaml", "mine.yaml"):
        experiment = compose_experiment([f"network={network}"])
        assert experiment.run_folder == Path("checkpoints/mine-pathwise")


@pytest.mark.parametrize("name", ["", "''", ".", "..", "../other", "a/../..", "/tmp/mine", "a\tb"])
def test_a_run_has_a_folder_of_its_own_below_the_folder_of_all(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"run: allowed: a name such as `first`"):
        compose_experiment([f"run={name}"])


@pytest.mark.parametrize("override", ["windows.dayz=3", "+windows.dayz=3", "compute.workers=0"])
def test_what_is_not_allowed_is_refused_by_name(override: str) -> None:
    key = override.split("=")[0].lstrip("+").split(".")[-1]
    with pytest.raises(ConfigurationError, match=key):
        compose_experiment([override])


@pytest.mark.parametrize("trainer", ["ippo", "mappo", "sb3_ppo"])
def test_weeks_of_demand_are_remembered_only_where_the_trainer_shows_them(trainer: str) -> None:
    weeks = "policy.demand_memory=weeks"
    assert compose_experiment([weeks]).policy.demand_memory == "weeks"
    with pytest.raises(ConfigurationError, match=f"allowed for trainer={trainer}: averages"):
        compose_experiment([f"trainer={trainer}", weeks])


def test_a_network_can_be_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    shutil.copy(configuration_folder() / "network" / "two_warehouses.yaml", path)
    experiment = compose_experiment([f"network={path}", "run=mine"])
    assert len(build_world(experiment.network, DemandSettings()).network.nodes) == 2


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """A year and a half of the one market of `two_warehouses`, in a folder of its own."""
    folder = tmp_path / "mine"
    folder.mkdir()
    days = pd.date_range("2022-01-01", "2023-06-30").strftime("%Y-%m-%d")
    index = pd.MultiIndex.from_product([days, [f"sku-{number}" for number in range(4)]], names=["date", "sku"])
    frame = pd.DataFrame({"units_sold": np.random.default_rng(0).poisson(3.0, len(index))}, index=index).reset_index()
    frame.assign(market="online").to_csv(folder / "sales.csv", index=False)
    return folder / "sales.csv"


def yaml_beside(sales: Path, **more: object) -> Path:
    path = sales.parent / "demand.yaml"
    path.write_text(yaml.safe_dump({"kind": "history", "path": sales.name, **more}))
    return path


def test_a_demand_yaml_finds_its_history_from_a_workers_folder_too(
    sales: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yaml_beside(sales)
    monkeypatch.chdir(sales.parent)
    experiment = compose_experiment(["network=two_warehouses", "demand=demand.yaml", "run=mine"])
    here = build_world(experiment.network, experiment.demand)
    moved = experiment.with_absolute_paths()
    monkeypatch.chdir(tmp_path)
    there = build_world(moved.network, moved.demand)
    np.testing.assert_array_equal(there.demand.mean_units_per_day, here.demand.mean_units_per_day)


@pytest.mark.parametrize("named_by", ["path", "yaml", "both"])
def test_divided_windows_leave_every_date_of_the_yaml_out_of_account(sales: Path, named_by: str) -> None:
    first_and_last = {"first": "2009-12-01", "last": "2010-12-01"}
    elsewhere = yaml_beside(
        sales, windows=dict.fromkeys(("train", "validation", "test"), first_and_last), left_out_days=["2009-12-24"]
    )
    name = None if named_by == "path" else str(elsewhere)
    path = None if named_by == "yaml" else str(sales)
    with pytest.raises(ConfigurationError, match="is not inside the history, 2022-01-01 to 2023-06-30"):
        build_world("two_warehouses", DemandSettings(name=name, path=path))
    demand = build_world("two_warehouses", DemandSettings(name=name, path=path, windows="divided")).demand
    assert isinstance(demand, HistoryDemand)
    assert demand.traces.windows == {"train": (0, 382), "validation": (382, 447), "test": (447, 546)}


def test_only_a_history_can_be_divided() -> None:
    with pytest.raises(
        ConfigurationError, match=r"demand\.windows: 'divided' .* is of kind 'calibrated'; allowed: as_"
    ):
        build_world("two_warehouses", DemandSettings(windows="divided"))


def test_a_run_from_before_keys_were_renamed_is_told_what_to_rename_and_can_be_read_then(tmp_path: Path) -> None:
    content = json.loads(compose_experiment(["trainer=ippo"]).model_dump_json())
    now, before = content["trainer"], dict(content["trainer"])
    before["clip"], before["discount"] = before.pop("clip_range"), before.pop("gamma")
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps({**content, "trainer": before}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"clip is now clip_range, discount is now gamma.*rename them in this"):
        read_experiment(path)
    path.write_text(json.dumps({**content, "trainer": now}), encoding="utf-8")
    assert read_experiment(path).trainer.model_dump()["clip_range"] == now["clip_range"]
