"""What is left when training is over: the neural policy."""

from __future__ import annotations

from torch import nn

from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.trainers.modules import neural_policy


def module_of(experiment: ExperimentSettings, world: World | None = None) -> nn.Module:
    """The policy that a run's weights belong to; its size doesn't depend on the world."""
    return neural_policy(experiment)
