"""Which module the weights of a run belong to, by the `kind` of its trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor, nn

from entrepot.agents.neural import NeuralPolicy
from entrepot.configs.files import write_atomically
from entrepot.configs.registry import Registry
from entrepot.training.experiment import ExperimentSettings

ModuleBuilder = Callable[[ExperimentSettings], nn.Module]
"""From a run's settings to a module that maps a snapshot and a network's attributes to orders."""

_KINDS = Registry[ModuleBuilder](
    {
        "ippo": "entrepot.training.rllib.deployed",
        "mappo": "entrepot.training.rllib.deployed",
        "sb3_ppo": "entrepot.training.sb3.deployed",
        "sb3_sac": "entrepot.training.sb3.deployed",
    }
)
register_module = _KINDS.register
"""Decorate a function ``(experiment) -> nn.Module`` for trainers, by kind, that don't train the neural policy."""


PATHWISE_HEAD = "release"
"""Of the neural policy where no head is named and none is forbidden."""


def neural_policy(experiment: ExperimentSettings) -> NeuralPolicy:
    """The neural policy of an experiment, untrained."""
    return NeuralPolicy(experiment.policy.neural(head=PATHWISE_HEAD))


def learned_module(experiment: ExperimentSettings) -> nn.Module:
    """The module of a run, untrained; the neural policy unless its trainer's kind has another."""
    build = _KINDS.find(experiment.trainer.get("kind"))
    return neural_policy(experiment) if build is None else build(experiment)


def save_policy(state: Mapping[str, Tensor], cover_days: Tensor, path: Path) -> None:
    """Write what a run's policy is made of; the file is there whole or not at all.

    Args:
        state: of its module.
        cover_days: [L, S] covers that the policy scales.
        path: of the file.
    """
    content = BytesIO()
    torch.save({"module": dict(state), "cover_days": cover_days}, content)
    write_atomically(path, content.getvalue())
