"""Which settings a run is gone on with."""

from pathlib import Path

import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.training.resuming import resumed_experiment
from tests.worlds.runs import tiny_experiment

SB3 = ("trainer=sb3_ppo", "trainer.gamma=0.9", "seed=5")


@pytest.fixture
def found(tmp_path: Path) -> list[str]:
    """A run with settings of its own; what it takes to find it."""
    experiment = tiny_experiment(tmp_path, *SB3)
    experiment.save()
    return [f"folder={tmp_path}", "run=tiny"]


def test_a_run_is_gone_on_with_by_its_name_alone(found: list[str], tmp_path: Path) -> None:
    assert resumed_experiment(found) == tiny_experiment(tmp_path, *SB3)


def test_its_own_settings_may_be_given_again(found: list[str], tmp_path: Path) -> None:
    again = ["trainer=sb3_ppo", "network=two_warehouses", "seed=5", "trainer.gamma=0.9"]
    assert resumed_experiment([*found, *again]) == tiny_experiment(tmp_path, *SB3)


def test_keys_of_its_trainer_can_be_given_without_the_trainers_name(found: list[str]) -> None:
    more = resumed_experiment([*found, "trainer.iterations=9", "compute.workers=3", "evaluation.episodes=7"])
    assert (more.trainer.iterations, more.compute.workers, more.evaluation.episodes) == (9, 3, 7)
    assert more.seed == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("seed=0", r"--resume: seed: 0; the run in .*tiny has 5"),  # also where it is the default
        ("trainer.iterations=3", r"trainer\.iterations: 3; the run in .*tiny has 4"),
        ("trainer=pathwise", r'trainer\.kind: "pathwise"; the run in .*tiny has "sb3_ppo"'),
        ("network=kreen", r'network: "kreen"; the run in .*tiny has "two_warehouses"'),
        ("demand=mine.yaml", r'demand\.name: "mine.yaml"; the run in .*tiny has null'),
    ],
)
def test_what_makes_it_another_experiment_is_refused(found: list[str], change: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        resumed_experiment([*found, change])


def test_a_run_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no run; leave --resume away to start one, or say which"):
        resumed_experiment([f"folder={tmp_path}", "run=other"])
