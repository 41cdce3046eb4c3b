"""Settings that take no time."""

from pathlib import Path
from typing import Any

from entrepot.training.experiment import ExperimentSettings, compose_experiment
from entrepot.training.rllib.settings import PpoSettings
from tests.training.tiny import tiny_overrides

SMALL = {
    "environments": 4,
    "rollout_days": 6,
    "episode_days": 10,
    "warm_up_days": 3,
    "minibatch_days": 12,
    "epochs": 2,
    "mlp": {"hidden": [16]},
    "critic_mlp": {"hidden": [16]},
}


def small_settings(kind: str = "ippo", **changes: Any) -> PpoSettings:
    critic = "own" if kind == "ippo" else "state"
    return PpoSettings.model_validate({"kind": kind, "critic": critic, **SMALL, **changes})


def small_experiment(folder: Path, trainer: str, *more: str) -> ExperimentSettings:
    overrides = [
        *tiny_overrides(folder),
        f"trainer={trainer}",
        "trainer.environments=4",
        "trainer.rollout_days=6",
        "trainer.episode_days=10",
        "trainer.warm_up_days=3",
        "trainer.minibatch_days=12",
        "trainer.epochs=2",
        "trainer.mlp.hidden=[16]",
        "trainer.critic_mlp.hidden=[16]",
    ]
    return compose_experiment([*overrides, *more])
