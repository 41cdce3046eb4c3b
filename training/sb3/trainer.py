"""PPO and SAC of Stable-Baselines3 from an experiment to its best policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger

from entrepot.agents.mlp.layers import ACTIVATIONS
from entrepot.envs.action import MOST_COVER_DAYS
from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.sb3.deployed import module_of, start_from_base_stock, state_of
from entrepot.training.sb3.environment import VIEWS, WarehouseVecEnv
from entrepot.training.sb3.settings import Sb3PpoSettings, Sb3SacSettings, Sb3Settings
from entrepot.training.threads import threads_each
from entrepot.training.trainers.checkpoints import Checkpoints, Progress, checkpoint_place
from entrepot.training.trainers.job import Job, Outcome
from entrepot.training.trainers.loop import Iteration, Learned, Loop
from entrepot.training.world import world_of

MODEL = "model.zip"
"""In a checkpoint's folder."""


def train(job: Job) -> Outcome:
    """Train in this process until the iterations are done, or the seconds are over."""
    started, experiment = perf_counter(), job.experiment
    settings = Sb3Settings.of(experiment.trainer)
    world = world_of(experiment)
    world = world.starting_from(job.base_cover_days)
    torch.set_num_threads(threads_each(experiment.compute.threads))
    env = make_environment(world, settings)
    checkpoints = Checkpoints(checkpoint_place(experiment))
    model, progress = begun(job, env, settings, checkpoints)
    model.set_logger(Logger(folder=None, output_formats=[]))
    method = _Sb3(model, env, settings, checkpoints, Learned(module_of(experiment, world), job.base_cover_days))
    return Outcome.of(job, Loop(job, world, seconds=settings.seconds).run(method, progress), started)


def begun(
    job: Job, env: WarehouseVecEnv, settings: Sb3Settings, checkpoints: Checkpoints
) -> tuple[BaseAlgorithm, Progress]:
    """The algorithm that a job begins or goes on with, and how far it has come."""
    experiment = job.experiment
    found = checkpoints.last() if job.resume else None
    if found is not None:
        path, progress = found
        return _restored(Path(path), env, settings, experiment, progress), progress
    model = make_algorithm(env, settings, seed=experiment.seed, device=experiment.compute.device)
    if settings.view == "central":
        squash = isinstance(settings, Sb3SacSettings)
        start_from_base_stock(model.policy, job.base_cover_days, MOST_COVER_DAYS, squash=squash)
    return model, Progress()


def make_environment(world: World, settings: Sb3Settings, **more: Any) -> WarehouseVecEnv:
    """The environment of a trainer's settings; further arguments as in `BatchedWarehouseNetwork`."""
    return VIEWS[settings.view](
        world,
        reward_scale=1.0 - settings.gamma,  # so that values are of the size of a day's reward
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
        n_steps=settings.rollout_days,
        batch_size=settings.minibatch,
        n_epochs=settings.epochs,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip_range,
        ent_coef=settings.entropy_weight,
        vf_coef=settings.value_weight,
        max_grad_norm=settings.max_grad_norm,
        policy_kwargs={**_policy_arguments(settings), "log_std_init": settings.log_deviation},
        seed=seed,
        device=device,
    )


def _sac(env: WarehouseVecEnv, settings: Any, seed: int, device: str) -> BaseAlgorithm:
    return SAC(
        "MlpPolicy",
        env,
        learning_rate=settings.learning_rate,
        buffer_size=settings.buffer_size,
        learning_starts=settings.learning_starts,
        batch_size=settings.batch_size,
        tau=settings.tau,
        gamma=settings.gamma,
        train_freq=settings.rollout_days,
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

    def __init__(
        self,
        model: BaseAlgorithm,
        env: WarehouseVecEnv,
        settings: Sb3Settings,
        checkpoints: Checkpoints,
        learned: Learned,
    ) -> None:
        self._model, self._env, self._checkpoints, self._learned = model, env, checkpoints, learned
        self._steps = settings.rollout_days * env.num_envs

    def iterate(self) -> Iteration:
        self._model.learn(self._steps, reset_num_timesteps=False, log_interval=None)
        logged = self._model.logger.name_to_value
        scalars = {f"learner/{name.removeprefix('train/')}": float(value) for name, value in logged.items()}
        logged.clear()
        cost, lost, days = self._env.take_figures()
        return Iteration(cost, lost, days, scalars)

    def learned(self) -> Learned:
        self._learned.module.load_state_dict(state_of(self._model.policy))
        self._learned.module.eval()
        return self._learned

    def save(self, progress: Progress) -> None:
        self._checkpoints.save(progress, self._write)

    def _write(self, path: str) -> None:
        Path(path).mkdir(parents=True)
        self._model.save(Path(path) / MODEL)


def _restored(
    checkpoint: Path, env: WarehouseVecEnv, settings: Sb3Settings, experiment: ExperimentSettings, progress: Progress
) -> BaseAlgorithm:
    """What was saved last; SAC's replay buffer fills anew."""
    model = _CLASSES[type(settings)].load(checkpoint / MODEL, env=env, device=experiment.compute.device)
    # Not through the first scenarios again, nor with the first noise: seeds of this experiment from here on.
    model.set_random_seed(int(np.random.SeedSequence([experiment.seed, progress.iteration]).generate_state(1)[0]))
    return model
