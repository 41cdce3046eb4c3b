"""Experiments that take no time, and trainers put to work on them as the command line does."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from ray._private import state as ray_state

from entrepot.configs.files import write_atomically
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.file import TunedRule, save_rule
from entrepot.training.events import Event, Observer, nobody
from entrepot.training.experiment import BASE_STOCK_FILE, ExperimentSettings, WindowsSettings, compose_experiment
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.trainers.job import Job, Outcome
from entrepot.training.trainers.modules import neural_policy
from entrepot.training.trainers.registry import trainer_of
from entrepot.training.trainers.runs import load_run
from tests.worlds.tiny import first_snapshot, tiny_world

WINDOWS = WindowsSettings(episodes=4, days=30, warm_up_days=10, advance_days=10, windows_per_segment=2)
SMALL_PPO = {
    "environments": 4,
    "rollout_days": 6,
    "episode_days": 10,
    "warm_up_days": 3,
    "minibatch_days": 12,
    "epochs": 2,
    "mlp": {"hidden": [16]},
    "critic_mlp": {"hidden": [16]},
}

IN_THIS_PROCESS = (
    "trainer=sb3_ppo",
    "trainer.environments=2",
    "trainer.rollout_days=4",
    "trainer.episode_days=8",
    "trainer.warm_up_days=2",
    "trainer.minibatch=8",
    "trainer.hidden=[8]",
)
"""A trainer that starts no cluster, for tests of what is the same whoever trains."""


def tiny_overrides(folder: Path, *more: str) -> list[str]:
    return [
        "network=two_warehouses",
        f"folder={folder}",
        "run=tiny",
        "trainer.iterations=4",
        "validation.every=2",
        "validation.episodes=4",
        "validation.days=20",
        "evaluation.episodes=4",
        "evaluation.days=20",
        "evaluation.warm_up_days=10",
        "windows.episodes=4",
        "windows.days=30",
        "windows.warm_up_days=10",
        "windows.advance_days=10",
        "windows.windows_per_segment=2",
        "base_stock.iterations=2",
        "compute.threads=1",
        "compute.workers=1",
        *more,
    ]


def tiny_experiment(folder: Path, *more: str) -> ExperimentSettings:
    return compose_experiment(tiny_overrides(folder, *more))


def untrained_run(world: World, place: Path, *more: str) -> Path:
    """A run's folder; every cover of its own is a day."""
    folder = place / "tiny"
    experiment = tiny_experiment(place, *more)
    write_atomically(folder / "experiment.json", experiment.model_dump_json())
    module = neural_policy(experiment).state_dict()
    torch.save({"module": module, "cover_days": torch.ones(3, 4)}, folder / "policy.pt")
    save_rule(TunedRule.of_covers(torch.ones(3, 4), 5, 100, 1.5), world.network, folder / BASE_STOCK_FILE)
    return folder


def small_settings(kind: str = "ippo", **changes: Any) -> PpoSettings:
    critic = "own" if kind == "ippo" else "state"
    return PpoSettings.model_validate({"kind": kind, "critic": critic, **SMALL_PPO, **changes})


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


def processes_of(actor: str) -> list[int]:
    """Of Ray's actors that live and have that in their class's name."""
    actors = ray_state.actors().values()
    return [one["Pid"] for one in actors if one["State"] == "ALIVE" and actor in one["ActorClassName"]]


def assert_that_it_outlives_a_worker(experiment: ExperimentSettings, actor: str) -> None:
    """One of Ray's actors of that name is killed after the first iteration; all are done, and the policy decides."""
    killed: list[int] = []

    def kill_once(event: Event) -> None:
        if not killed:
            killed.append(processes_of(actor)[0])
            os.kill(killed[0], signal.SIGKILL)

    outcome, seen = train(experiment, report=kill_once)
    assert killed
    assert seen == [1, 2, 3, 4]
    write_atomically(experiment.run_folder / "experiment.json", experiment.model_dump_json())
    assert outcome.policy_file.is_file()
    orders = load_run(experiment.run_folder).agent(tiny_world()).decide(first_snapshot(tiny_world())).orders
    assert orders.isfinite().all()
