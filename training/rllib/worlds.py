"""The world as runners and learners need it: described in plain values, built once in each process."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from entrepot.configs.loader import validate
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.world import World, build_world
from entrepot.training.experiment import ExperimentSettings


def describe_world(experiment: ExperimentSettings, base_cover_days: Tensor) -> dict[str, Any]:
    """What `world_of` builds the world from; paths must be absolute if it is built elsewhere.

    Args:
        experiment: settings.
        base_cover_days: [L, S] that policies start from.
    """
    content = experiment.model_dump(mode="json", include={"network", "skus", "demand", "observation", "disruption"})
    return {**content, "base_cover_days": base_cover_days.tolist()}


def world_of(content: dict[str, Any]) -> World:
    """The world of a description, on the CPU; built once a process."""
    return _built(json.dumps(content, sort_keys=True))


@lru_cache(maxsize=4)
def _built(text: str) -> World:
    content = json.loads(text)
    demand = validate(DemandSettings, content["demand"], "demand")
    world = build_world(
        content["network"],
        demand,
        skus=content["skus"],
        observation=content["observation"],
        disruption=content["disruption"],
    )
    return world.starting_from(torch.tensor(content["base_cover_days"]))
