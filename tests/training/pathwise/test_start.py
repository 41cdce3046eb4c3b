from pathlib import Path

import pytest
import torch

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.pathwise.start import policy_to_start_from
from tests.worlds.runs import tiny_experiment, untrained_run

WORKED_OUT = "policy.covers=worked_out"


def test_training_goes_on_from_the_policy_of_another_run(world: World, tmp_path: Path) -> None:
    folder = untrained_run(world, tmp_path, WORKED_OUT, "seed=5")
    experiment = tiny_experiment(tmp_path, WORKED_OUT, f"trainer.start={folder}")
    settings = PathwiseSettings.of(experiment.trainer)
    start = policy_to_start_from(experiment)
    begun, fresh = Learner(experiment, settings, world, start=start), Learner(experiment, settings, world)
    kept = torch.load(folder / "policy.pt", weights_only=True)["module"]
    for name, value in begun.module.state_dict().items():
        torch.testing.assert_close(value, kept[name], rtol=0, atol=0)
    assert not torch.equal(fresh.module.cell.weight, begun.module.cell.weight)


def test_without_a_run_to_start_from_training_starts_untrained(tmp_path: Path) -> None:
    assert policy_to_start_from(tiny_experiment(tmp_path)) is None


def test_a_run_whose_policy_has_another_shape_is_refused_before_anything_is_trained(
    world: World, tmp_path: Path
) -> None:
    folder = untrained_run(world, tmp_path, WORKED_OUT)
    with pytest.raises(ConfigurationError, match=r"trainer.start: .*policy.covers=worked_out"):
        policy_to_start_from(tiny_experiment(tmp_path, f"trainer.start={folder}"))
    with pytest.raises(ConfigurationError, match="no run here"):
        policy_to_start_from(tiny_experiment(tmp_path, f"trainer.start={tmp_path / 'nothing'}"))
