"""Trainers put to work as the command line does."""

from typing import Any

import pytest

from entrepot.envs.world import World, build_world
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.trainers.registry import Assignment, Outcome, trainer_of


def world_of(experiment: ExperimentSettings) -> World:
    return build_world(experiment.network, experiment.demand, skus=experiment.skus)


def train(experiment: ExperimentSettings, *, resume: bool = False, report: Any = None) -> tuple[Outcome, list[int]]:
    """Train, and say which iterations were reported."""
    experiment.run_folder.mkdir(parents=True, exist_ok=True)
    cover = world_of(experiment).attributes.base_cover_days
    seen: list[int] = []

    def listen(event: dict[str, Any]) -> None:
        seen.append(event["iteration"])
        if report is not None:
            report(event)

    return trainer_of(experiment)(Assignment(experiment, cover, 1e9, resume, listen)), seen


def assert_that_it_resumes_where_it_was_interrupted(experiment: ExperimentSettings) -> None:
    """In the third iteration of four."""

    def stop(event: dict[str, Any]) -> None:
        if event["iteration"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(experiment, report=stop)
    outcome, seen = train(experiment, resume=True)
    assert seen == [3, 4]
    assert outcome.iterations == 4
