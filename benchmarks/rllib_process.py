"""One row of `benchmarks/rllib.py`: TRAINER and its settings as JSON; prints JSON."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from entrepot.envs.memory import keep_freed_memory

warnings.simplefilter("ignore")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

Train = Callable[[], int]
"""One iteration of sampling and learning; returns agent-steps."""


def padded_environment(settings: dict[str, Any]) -> Any:
    """The PettingZoo environment with agents told apart and action spaces of one size, as shared policies need it."""
    import supersuit

    from entrepot.envs import warehouse_network_v0

    env = warehouse_network_v0.parallel_env(
        settings["network"], skus=settings["skus"], episode_days=settings["episode_days"]
    )
    return supersuit.pad_action_space_v0(supersuit.agent_indicator_v0(env, type_only=False))


def rllib_stock(settings: dict[str, Any]) -> Train:
    """RLlib's own `MultiAgentEnvRunner` through `ParallelPettingZooEnv`."""
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
    from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv
    from ray.tune.registry import register_env

    _ray()
    register_env("warehouse_network_v0", lambda _: ParallelPettingZooEnv(padded_environment(settings)))
    agent_steps = settings["rollout_days"] * settings["agents"]
    config = (
        PPOConfig()
        .environment("warehouse_network_v0", disable_env_checking=True)
        .env_runners(
            num_env_runners=0,
            num_envs_per_env_runner=settings["environments"],
            rollout_fragment_length=agent_steps,
        )
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda *_, **__: "shared", count_steps_by="agent_steps")
        .rl_module(
            model_config=DefaultModelConfig(
                fcnet_hiddens=settings["hidden"], fcnet_activation="tanh", vf_share_layers=False
            )
        )
        .training(
            lr=settings["learning_rate"],
            gamma=settings["gamma"],
            lambda_=settings["gae_lambda"],
            clip_param=settings["clip_range"],
            num_epochs=settings["epochs"],
            train_batch_size_per_learner=agent_steps * settings["environments"],
            minibatch_size=settings["minibatch"],
            use_kl_loss=False,
            vf_loss_coeff=settings["value_weight"],
            vf_clip_param=1e9,
            grad_clip=settings["max_grad_norm"],
        )
        .debugging(seed=0, log_level="ERROR")
    )
    algorithm = config.build_algo()

    def train() -> int:
        result = algorithm.train()
        return int(sum(result["env_runners"]["num_agent_steps_sampled"].values()))

    return train


def rllib_batched(settings: dict[str, Any]) -> Train:
    """Our runner with RLlib's PPO and a perceptron."""
    return _rllib(settings, "mlp")


def rllib_neural(settings: dict[str, Any]) -> Train:
    """The same with the neural policy."""
    return _rllib(settings, "neural")


def cells_neural(settings: dict[str, Any]) -> Train:
    """The neural policy with credit for each SKU, in one process."""
    from entrepot.training.cells.method import CellLearner
    from entrepot.training.cells.workers import LocalWorkers
    from entrepot.training.world import world_of

    more = {"actor": "neural", "credit": "sku", "explore": "actions", "environments_per_scenario": 8}
    experiment = _experiment(settings, more)
    world = world_of(experiment)
    learner = CellLearner(experiment, world)
    workers = LocalWorkers(experiment, world.attributes.base_cover_days, iteration=0)

    def train() -> int:
        sampled, _, _ = learner.iteration(workers)
        return sum(each.environment_days for each in sampled) * int(settings["agents"])

    return train


def tried_neural(settings: dict[str, Any]) -> Train:
    """The neural policy with weights that every SKU tries for itself, in one process."""
    from entrepot.training.tried.method import LocalTriedWorkers, learner_of
    from entrepot.training.world import world_of

    more = {"actor": "neural", "credit": "sku", "explore": "weights", "team_share": 1.0}
    experiment = _experiment(settings, more)
    learner = learner_of(experiment)
    workers = LocalTriedWorkers(experiment, world_of(experiment).attributes.base_cover_days, iteration=0)

    def train() -> int:
        found = workers.trials(learner.weights())
        learner.step(found)
        return sum(each.environment_days for each in found) * int(settings["agents"])

    return train


def _rllib(settings: dict[str, Any], actor: str) -> Train:
    from entrepot.training.rllib.algorithm import ppo_config
    from entrepot.training.world import world_of

    _ray()
    experiment = _experiment(settings, {"actor": actor})
    world = world_of(experiment)
    algorithm = ppo_config(experiment, world.attributes.base_cover_days).build_algo()

    def train() -> int:
        result = algorithm.train()
        return int(sum(result["env_runners"]["num_agent_steps_sampled"].values()))

    return train


def _experiment(settings: dict[str, Any], more: dict[str, Any]) -> Any:
    """Independent PPO with the settings of all rows."""
    from entrepot.training.experiment import compose_experiment

    overrides = {
        "mlp.hidden": settings["hidden"],
        "critic_mlp.hidden": settings["hidden"],
        "team_share": 0.0,
        "warm_up_days": 0,
        "minibatch_days": settings["minibatch"] // settings["agents"],
        **{
            name: settings[name]
            for name in (
                "environments",
                "rollout_days",
                "episode_days",
                "learning_rate",
                "gamma",
                "gae_lambda",
                "clip_range",
                "epochs",
                "value_weight",
                "max_grad_norm",
            )
        },
        **more,
    }
    return compose_experiment(
        [
            f"network={settings['network']}",
            f"skus={settings['skus']}",
            "trainer=ippo",
            "compute.workers=1",
            *(f"trainer.{name}={json.dumps(value)}" for name, value in overrides.items()),
        ]
    )


def sb3_batched(settings: dict[str, Any]) -> Train:
    """Stable-Baselines3 on our `VecEnv`."""
    from entrepot.envs.demand.settings import DemandSettings
    from entrepot.envs.world import build_world
    from entrepot.training.sb3.environment import WarehouseVecEnv

    world = build_world(settings["network"], DemandSettings(), skus=settings["skus"])
    env = WarehouseVecEnv.agents(world, environments=settings["environments"], episode_days=settings["episode_days"])
    return _sb3(env, settings)


def sb3_supersuit(settings: dict[str, Any]) -> Train:
    """Stable-Baselines3 on SuperSuit's vectorised PettingZoo environment."""
    import supersuit

    vectorised = supersuit.pettingzoo_env_to_vec_env_v1(padded_environment(settings))
    env = supersuit.concat_vec_envs_v1(vectorised, settings["environments"], num_cpus=1, base_class="stable_baselines3")
    return _sb3(env, settings)


def _sb3(env: Any, settings: dict[str, Any]) -> Train:
    from stable_baselines3 import PPO

    model = PPO(
        "MlpPolicy",
        env,
        learning_rate=settings["learning_rate"],
        n_steps=settings["rollout_days"],
        batch_size=settings["minibatch"],
        n_epochs=settings["epochs"],
        gamma=settings["gamma"],
        gae_lambda=settings["gae_lambda"],
        clip_range=settings["clip_range"],
        vf_coef=settings["value_weight"],
        max_grad_norm=settings["max_grad_norm"],
        policy_kwargs={"net_arch": settings["hidden"]},
        device="cpu",
        seed=None,
    )
    steps = settings["rollout_days"] * env.num_envs

    def train() -> int:
        model.learn(steps, reset_num_timesteps=False, log_interval=None)  # type: ignore[arg-type]
        return steps

    return train


def _ray() -> None:
    import ray

    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)


TRAINERS = {
    "rllib_stock": rllib_stock,
    "rllib_batched": rllib_batched,
    "rllib_neural": rllib_neural,
    "cells_neural": cells_neural,
    "tried_neural": tried_neural,
    "sb3_batched": sb3_batched,
    "sb3_supersuit": sb3_supersuit,
}


def main(trainer: str, settings: dict[str, Any]) -> None:
    """Iterate for so many seconds, after a first iteration that warms up."""
    torch.set_num_threads(settings["threads"])
    keep_freed_memory()
    with contextlib.redirect_stdout(sys.stderr):
        train = TRAINERS[trainer](settings)
        train()
        started, worked, steps, iterations = time.perf_counter(), time.process_time(), 0, 0
        while not iterations or time.perf_counter() - started < settings["seconds"]:
            steps += train()
            iterations += 1
        spent, worked = time.perf_counter() - started, time.process_time() - worked
    row = {
        "trainer": trainer,
        "agent_steps_per_s": steps / spent,
        "agent_steps_per_cpu_s": steps / worked,  # says more than the first where others use the machine too
        "iterations": iterations,
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
