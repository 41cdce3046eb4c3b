"""Settings that take no time."""

from pathlib import Path
from typing import Any

from entrepot.training.experiment import ExperimentSettings, World, build_world, compose_experiment
from entrepot.training.registry import Assignment, Outcome, trainer_of
from entrepot.training.rllib.settings import PpoSettings
from tests.training.tiny import tiny_overrides

SMALL = {
    "environments": 4,
    "fragment_days": 6,
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
        "trainer.fragment_days=6",
        "trainer.episode_days=10",
        "trainer.warm_up_days=3",
        "trainer.minibatch_days=12",
        "trainer.epochs=2",
        "trainer.mlp.hidden=[16]",
        "trainer.critic_mlp.hidden=[16]",
    ]
    return compose_experiment([*overrides, *more])


def world_of_experiment(experiment: ExperimentSettings) -> World:
    return build_world(experiment.network, experiment.demand, skus=experiment.skus)


def train(experiment: ExperimentSettings, *, resume: bool = False, report: Any = None) -> tuple[Outcome, list[int]]:
    """Train, and say which iterations were reported."""
    experiment.run_folder.mkdir(parents=True, exist_ok=True)
    cover = world_of_experiment(experiment).attributes.base_cover_days
    seen: list[int] = []

    def listen(event: dict[str, Any]) -> None:
        seen.append(event["iteration"])
        if report is not None:
            report(event)

    return trainer_of(experiment)(Assignment(experiment, cover, 1e9, resume, listen)), seen
