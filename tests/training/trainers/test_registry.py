"""Every trainer that there is, by being there."""

from pathlib import Path

import pytest
from torch import nn

from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import compose_experiment
from entrepot.training.trainers.registry import learned_module, trainer_kinds, trainer_settings
from tests.worlds.runs import tiny_experiment
from tests.worlds.tiny import tiny_world


def test_a_package_with_a_trainer_is_found_by_being_there() -> None:
    assert trainer_kinds() == ["ippo", "mappo", "pathwise", "sb3_ppo", "sb3_sac"]


@pytest.mark.parametrize("kind", trainer_kinds())
def test_every_trainer_has_a_module_for_its_weights(kind: str, tmp_path: Path) -> None:
    module = learned_module(tiny_experiment(tmp_path, f"trainer={kind}"), tiny_world())
    assert isinstance(module, nn.Module)


@pytest.mark.parametrize("kind", ["oracle", None, 3, ["pathwise"]])
def test_a_kind_that_nobody_trains_is_refused_with_what_is_allowed(kind: object) -> None:
    with pytest.raises(ConfigurationError, match=r"trainer\.kind: .*; allowed: ippo, mappo, pathwise, sb3_"):
        trainer_settings({"kind": kind})


def test_a_wrong_value_of_a_trainer_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"trainer: clip_range: .*greater than 0"):
        compose_experiment(["trainer=mappo", "trainer.clip_range=-1"])
    with pytest.raises(ConfigurationError, match=r"trainer: clipp: unknown key.*allowed: .*clip_range"):
        compose_experiment(["trainer=mappo", "+trainer.clipp=1"])
