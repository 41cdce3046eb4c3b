"""PPO and SAC of Stable-Baselines3 from an experiment to its best policy."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger
from torch import Tensor

from entrepot.agents.mlp.layers import ACTIVATIONS
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.action import MOST_COVER_DAYS
from entrepot.envs.world import World, build_world
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.sb3.deployed import module_of, settings_of, start_from_base_stock, state_of
from entrepot.training.sb3.environment import VIEWS, WarehouseVecEnv
from entrepot.training.sb3.settings import Sb3PpoSettings, Sb3SacSettings, Sb3Settings
from entrepot.training.trainers.iterations import Iteration, Iterations, Progress
from entrepot.training.trainers.registry import Assignment, Bundle, Outcome, register_trainer

POINTER = "latest.json"


def _bundles(experiment: ExperimentSettings) -> list[Bundle]:
    return [{"CPU": 1, "GPU": 1} if experiment.compute.device == "cuda" else {"CPU": 1}]


def _check(experiment: ExperimentSettings) -> None:
    settings_of(experiment)
    for key in ("address", "storage"):
        value = getattr(experiment.compute, key)
        if value is not None:
            raise ConfigurationError(
                f"compute.{key}: {value!r}; allowed with trainer.kind {experiment.trainer['kind']}: null, as it trains "
                "in this process and keeps its checkpoints in the run's folder"
            )


@register_trainer("sb3_ppo", check=_check, bundles=_bundles)
@register_trainer("sb3_sac", check=_check, bundles=_bundles)
def train_sb3(assignment: Assignment) -> Outcome:
    """Train in this process until the iterations are done, or the seconds are over."""
    experiment = assignment.experiment
    settings = settings_of(experiment)
    world = build_world(experiment.network, experiment.demand, skus=experiment.skus)
    world = world.starting_from(assignment.base_cover_days)
    torch.set_num_threads(experiment.compute.threads or os.cpu_count() or 1)
    env = make_environment(world, settings)
    folder = experiment.run_folder / "sb3"
    if not assignment.resume:
        shutil.rmtree(folder, ignore_errors=True)
    progress, model = _restored(folder, env, settings, experiment) or (Progress(), None)
    if model is None:
        model = make_algorithm(env, settings, seed=experiment.seed, device=experiment.compute.device)
        if settings.view == "central":
            start_from_base_stock(
                model.policy,
                world.attributes.base_cover_days,
                MOST_COVER_DAYS,
                squash=isinstance(settings, Sb3SacSettings),
            )
    model.set_logger(Logger(folder=None, output_formats=[]))
    iterations = Iterations(
        assignment, world, module_of(experiment, world), iterations=settings.iterations, seconds=settings.seconds
    )
    return iterations.until_done(_Sb3(model, env, settings, folder), progress)


def make_environment(world: World, settings: Sb3Settings, **more: Any) -> WarehouseVecEnv:
    """The environment of a trainer's settings; further arguments as in `BatchedWarehouseNetwork`."""
    return VIEWS[settings.view](
        world,
        reward_scale=1.0 - settings.discount,  # so that values are of the size of a day's reward
        environments=settings.environments,
        episode_days=settings.episode_days,
        warm_up_days=settings.warm_up_days,
        team_share=settings.team_share,
        **more,
    )


def make_algorithm(env: WarehouseVecEnv, settings: Sb3Settings, *, seed: int, device: str) -> BaseAlgorithm:
    """The algorithm of a trainer's settings, untrained."""
    return _ALGORITHMS[type(settings)](env, settings, seed, device)


def _ppo(env: WarehouseVecEnv, settings: Any, seed: int, device: str) -> BaseAlgorithm:
    return PPO(
        "MlpPolicy",
        env,
        learning_rate=settings.learning_rate,
        n_steps=settings.fragment_days,
        batch_size=settings.minibatch,
        n_epochs=settings.epochs,
        gamma=settings.discount,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip,
        ent_coef=settings.entropy_weight,
        vf_coef=settings.value_weight,
        max_grad_norm=settings.gradient_norm,
        policy_kwargs={**_policy_arguments(settings), "log_std_init": settings.log_deviation},
        seed=seed,
        device=device,
    )


def _sac(env: WarehouseVecEnv, settings: Any, seed: int, device: str) -> BaseAlgorithm:
    return SAC(
        "MlpPolicy",
        env,
        learning_rate=settings.learning_rate,
        buffer_size=settings.buffer,
        learning_starts=settings.learning_starts,
        batch_size=settings.batch,
        tau=settings.polyak,
        gamma=settings.discount,
        train_freq=settings.fragment_days,
        gradient_steps=settings.gradient_steps,
        policy_kwargs=_policy_arguments(settings),
        seed=seed,
        device=device,
    )


_ALGORITHMS: dict[type[Sb3Settings], Callable[[WarehouseVecEnv, Any, int, str], BaseAlgorithm]] = {
    Sb3PpoSettings: _ppo,
    Sb3SacSettings: _sac,
}
_CLASSES: dict[type[Sb3Settings], type[BaseAlgorithm]] = {Sb3PpoSettings: PPO, Sb3SacSettings: SAC}


def _policy_arguments(settings: Sb3Settings) -> dict[str, Any]:
    return {"net_arch": list(settings.hidden), "activation_fn": ACTIVATIONS[settings.activation]}


class _Sb3:
    """An algorithm of Stable-Baselines3 as a method."""

    def __init__(self, model: BaseAlgorithm, env: WarehouseVecEnv, settings: Sb3Settings, folder: Path) -> None:
        self._model, self._env, self._folder = model, env, folder
        self._steps = settings.fragment_days * env.num_envs

    def iterate(self) -> Iteration:
        self._model.learn(self._steps, reset_num_timesteps=False, log_interval=None)
        logged = self._model.logger.name_to_value
        scalars = {f"learner/{name.removeprefix('train/')}": float(value) for name, value in logged.items()}
        logged.clear()
        cost, lost, days = self._env.take_figures()
        return Iteration(cost, lost, days, scalars)

    def policy_state(self) -> dict[str, Tensor]:
        return state_of(self._model.policy)

    def save(self, progress: Progress) -> None:
        """The model first, then what points at it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"iteration-{progress.iteration:06d}.zip"
        with tempfile.TemporaryDirectory(dir=self._folder) as unfinished:
            self._model.save(Path(unfinished) / name)
            os.replace(Path(unfinished) / name, self._folder / name)
        write_atomically(self._folder / POINTER, json.dumps({"checkpoint": name, **asdict(progress)}))
        for older in self._folder.glob("iteration-*.zip"):
            if older.name != name:
                older.unlink()


def _restored(
    folder: Path, env: WarehouseVecEnv, settings: Sb3Settings, experiment: ExperimentSettings
) -> tuple[Progress, BaseAlgorithm] | None:
    """What was saved last; SAC's replay buffer fills anew."""
    if not (folder / POINTER).is_file():
        return None
    content = json.loads((folder / POINTER).read_text(encoding="utf-8"))
    name = content.pop("checkpoint")
    model = _CLASSES[type(settings)].load(folder / name, env=env, device=experiment.compute.device)
    progress = Progress(**content)
    # Not through the first scenarios again, nor with the first noise: seeds of this experiment from here on.
    model.set_random_seed(int(np.random.SeedSequence([experiment.seed, progress.iteration]).generate_state(1)[0]))
    return progress, model
