import shutil
from pathlib import Path

import pytest

from entrepot.configs.loader import ConfigurationError, configuration_folder, read_yaml
from entrepot.training.experiment import DemandSettings, ExperimentSettings, build_world, compose_experiment
from entrepot.training.pathwise.settings import PathwiseSettings


def test_the_experiments_yaml_says_what_the_typed_models_default_to() -> None:
    written = read_yaml(configuration_folder() / "experiment.yaml")
    named = {key: written[key] for key in ("network", "run")}
    typed = ExperimentSettings(**named, trainer={}).model_dump()
    del written["defaults"], typed["trainer"]
    assert written == typed


def test_the_trainers_yaml_says_what_its_typed_model_defaults_to() -> None:
    assert read_yaml(configuration_folder() / "trainer" / "pathwise.yaml") == PathwiseSettings().model_dump()


def test_overrides_apply_and_name_the_run() -> None:
    experiment = compose_experiment(["network=two_warehouses", "trainer.iterations=3", "seed=7"])
    assert (experiment.network, experiment.trainer["iterations"], experiment.seed) == ("two_warehouses", 3, 7)
    assert experiment.run == "two_warehouses-pathwise"


@pytest.mark.parametrize("override", ["windows.dayz=3", "+windows.dayz=3", "compute.workers=0"])
def test_what_is_not_allowed_is_refused_by_name(override: str) -> None:
    key = override.split("=")[0].lstrip("+").split(".")[-1]
    with pytest.raises(ConfigurationError, match=key):
        compose_experiment([override])


def test_a_network_can_be_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    shutil.copy(configuration_folder() / "network" / "two_warehouses.yaml", path)
    experiment = compose_experiment([f"network={path}", "run=mine"])
    assert len(build_world(experiment.network, DemandSettings()).network.nodes) == 2
