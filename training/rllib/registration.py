"""The PettingZoo environment under RLlib's own runner, for whoever brings an algorithm of their own."""

from __future__ import annotations

from typing import Any

from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv
from ray.tune.registry import register_env

from entrepot.envs import warehouse_network_v0

ENVIRONMENT = "warehouse_network_v0"


def make_environment(config: dict[str, Any]) -> ParallelPettingZooEnv:
    """The environment that RLlib's `env_config` describes: arguments of `warehouse_network_v0.parallel_env`."""
    return ParallelPettingZooEnv(warehouse_network_v0.parallel_env(**config))


def register_environment(name: str = ENVIRONMENT) -> str:
    """Make the environment known to RLlib by name; returns the name."""
    register_env(name, make_environment)
    return name
