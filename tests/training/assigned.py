"""Trainers put to work as the command line does."""

import pytest

from entrepot.envs.world import World, build_world
from entrepot.training.events import Event, Observer, nobody
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.trainers.job import Job, Outcome
from entrepot.training.trainers.registry import trainer_of


def world_of(experiment: ExperimentSettings) -> World:
    return build_world(experiment.network, experiment.demand, skus=experiment.skus)


def train(
    experiment: ExperimentSettings, *, resume: bool = False, report: Observer = nobody
) -> tuple[Outcome, list[int]]:
    """Train, and say which iterations were reported."""
    experiment.run_folder.mkdir(parents=True, exist_ok=True)
    cover = world_of(experiment).attributes.base_cover_days
    seen: list[int] = []

    def listen(event: Event) -> None:
        seen.append(event.done)
        report(event)

    return trainer_of(experiment)(Job(experiment, cover, 1e9, resume, listen)), seen


def assert_that_it_resumes_where_it_was_interrupted(experiment: ExperimentSettings) -> None:
    """In the third iteration of four."""

    def stop(event: Event) -> None:
        if event.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(experiment, report=stop)
    outcome, seen = train(experiment, resume=True)
    assert seen == [3, 4]
    assert outcome.iterations == 4
