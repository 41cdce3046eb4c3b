"""The world of an experiment."""

from __future__ import annotations

import torch

from entrepot.envs.world import World, build_world
from entrepot.training.experiment import ExperimentSettings


def world_of(experiment: ExperimentSettings, *, device: torch.device | str = "cpu") -> World:
    """The network, demand, observation model and disruption that an experiment's settings name.

    Args:
        experiment: settings.
        device: where tensors go.

    Raises:
        ConfigurationError: as `build_world`.
    """
    return build_world(
        experiment.network,
        experiment.demand,
        skus=experiment.skus,
        observation=experiment.observation,
        disruption=experiment.disruption,
        device=device,
    )
