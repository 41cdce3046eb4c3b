"""Every trainer's YAML, and a run of each kind: it trains, goes on, is exported and decides; a new one is found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from entrepot.agents.exported import ExportedPolicy
from entrepot.agents.inference import load
from entrepot.configs.loader import available, configuration_folder, read_yaml
from entrepot.training.base_stock.file import TunedRule, save_rule
from entrepot.training.experiment import BASE_STOCK_FILE, ExperimentSettings, compose_experiment, read_experiment
from entrepot.training.export.exporting import export_run
from entrepot.training.trainers.job import Outcome
from entrepot.training.trainers.registry import learned_module, trainer_kinds, trainer_of
from entrepot.training.trainers.runs import load_run
from tests.worlds.runs import tiny_overrides, train, world_of
from tests.worlds.tiny import first_snapshot

NAMES = available("trainer")
every_trainer = pytest.mark.parametrize("name", NAMES)
WITHOUT_RAY = ("sb3",)
"""Packages whose trainers run in this process."""
SMALL = {
    "environments": 2,
    "rollout_days": 5,
    "episode_days": 8,
    "warm_up_days": 2,
    "epochs": 1,
    "minibatch": 10,
    "minibatch_days": 10,
    "learning_starts": 10,
    "batch_size": 8,
    "gradient_steps": 2,
    "hidden": [16],
    "actor": "mlp",
    "mlp.hidden": [16],
    "critic_mlp.hidden": [16],
}
"""Of those keys that a trainer has."""


def experiment_of(folder: Path, name: str, iterations: int) -> ExperimentSettings:
    keys = read_yaml(configuration_folder() / "trainer" / f"{name}.yaml").keys()
    small = [f"trainer.{key}={value}" for key, value in SMALL.items() if key.partition(".")[0] in keys]
    few = ["skus=2", "validation.every=1", "validation.episodes=2", "validation.days=10", "validation.levels=[1.0]"]
    changes = [f"trainer={name}", f"trainer.iterations={iterations}", *few, *small]
    return compose_experiment([*tiny_overrides(folder), *changes])


def _kind(name: str) -> str:
    return compose_experiment([f"trainer={name}"]).trainer.kind


def _package(name: str) -> str:
    return trainer_of(compose_experiment([f"trainer={name}"])).__module__.split(".")[-2]


RUN = list({_kind(name): name for name in sorted(NAMES, key=lambda name: _kind(name) == name)}.values())
"""A YAML of each kind, that of its name where there is one; others of a kind differ in figures, and are trained in the
tests of their package (`tests/training/pathwise/test_classic.py`)."""


def _tried(name: str) -> Any:
    """A parameter: a trainer on Ray takes its time to start."""
    return pytest.param(name, marks=[] if _package(name) in WITHOUT_RAY else [pytest.mark.slow])


@dataclass(frozen=True)
class Resumed:
    """A run of one iteration, and of a second after it was taken up again."""

    experiment: ExperimentSettings
    first: list[int]
    outcome: Outcome
    then: list[int]


@pytest.fixture(scope="module", params=[_tried(name) for name in RUN])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    if _package(request.param) not in WITHOUT_RAY:
        request.getfixturevalue("cluster")
    folder = tmp_path_factory.mktemp(request.param)
    _, first = train(experiment_of(folder, request.param, 1))
    experiment = experiment_of(folder, request.param, 2)
    experiment.save()
    return Resumed(experiment, first, *train(experiment, resume=True))


def _one_of_each_package() -> list[Any]:
    """A YAML of each package of trainers: those of a package leave one kind of module."""
    packages = {_package(name): name for name in reversed(RUN)}
    return [_tried(name) for name in sorted(packages.values())]


def test_every_kind_ships_a_yaml_and_is_so_tried_here() -> None:
    assert {_kind(name) for name in RUN} == set(trainer_kinds())


@every_trainer
def test_the_yaml_says_all_keys_of_its_settings_and_is_read_again_as_it_was_kept(name: str, tmp_path: Path) -> None:
    experiment = compose_experiment([f"trainer={name}", "network=two_warehouses", f"folder={tmp_path}"])
    settings = experiment.trainer
    assert type(settings)(**settings.model_dump()) == settings
    written = read_yaml(configuration_folder() / "trainer" / f"{name}.yaml")
    assert written == {key: settings.model_dump(mode="json")[key] for key in written}
    assert name != settings.kind or set(written) == set(type(settings).model_fields)
    experiment.save()
    assert read_experiment(experiment.run_folder / "experiment.json") == experiment
    assert experiment.trainer.needs(experiment.compute)
    assert callable(trainer_of(experiment))


def test_a_run_that_is_taken_up_again_goes_on_where_it_ended(run: Resumed) -> None:
    assert (run.first, run.then) == ([1], [2])
    assert run.outcome.iterations == 2
    assert run.outcome.seconds_to_beat_base_stock is not None


def test_the_weights_that_are_left_are_finite_and_fit_the_module_of_its_kind(run: Resumed) -> None:
    state = torch.load(run.outcome.policy_file, weights_only=True)["module"]
    assert all(value.isfinite().all() for value in state.values())
    learned_module(run.experiment, world_of(run.experiment)).load_state_dict(state)


@pytest.mark.parametrize("run", _one_of_each_package(), indirect=True)
def test_its_module_decides_as_the_run_does(run: Resumed, tmp_path: Path) -> None:
    world, folder = world_of(run.experiment), run.experiment.run_folder
    tuned = TunedRule.of_covers(world.attributes.base_cover_days, 0, 0, 0.0)
    save_rule(tuned, world.network, folder / BASE_STOCK_FILE)
    module = load(export_run(folder, tmp_path / "exported"))
    snapshot = first_snapshot(world, day=2)
    with torch.no_grad():
        expected = load_run(folder).agent(world).decide(snapshot).orders
    found = ExportedPolicy(module, world.attributes).decide(snapshot).orders
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=0.01)
