"""Which module the weights of a run belong to, by the `kind` of its trainer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from entrepot.agents.neural import NeuralPolicy
from entrepot.training.experiment import ExperimentSettings

ModuleBuilder = Callable[[ExperimentSettings], nn.Module]
"""From a run's settings to a module that maps a snapshot and a network's attributes to orders."""

_BUILDERS: dict[str, ModuleBuilder] = {}
_SHIPPED = {
    "ippo": "entrepot.training.rllib.deployed",
    "mappo": "entrepot.training.rllib.deployed",
    "sb3_ppo": "entrepot.training.sb3.deployed",
    "sb3_sac": "entrepot.training.sb3.deployed",
}


def register_module(*kinds: str) -> Callable[[Any], Any]:
    """Decorate a function ``(experiment) -> nn.Module`` for trainers that don't train the neural policy."""

    def register(builder: Any) -> Any:
        _BUILDERS.update(dict.fromkeys(kinds, builder))
        return builder

    return register


def learned_module(experiment: ExperimentSettings) -> nn.Module:
    """The module of a run, untrained; the neural policy unless its trainer's kind has another."""
    kind = str(experiment.trainer.get("kind"))
    if kind in _SHIPPED:
        import_module(_SHIPPED[kind])
    if kind in _BUILDERS:
        return _BUILDERS[kind](experiment)
    return NeuralPolicy(experiment.policy.neural())


def save_policy(state: Mapping[str, Tensor], cover_days: Tensor, path: Path) -> None:
    """Write what a run's policy is made of; the file is there whole or not at all.

    Args:
        state: of its module.
        cover_days: [L, S] covers that the policy scales.
        path: of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".partial")
    torch.save({"module": dict(state), "cover_days": cover_days}, unfinished)
    os.replace(unfinished, path)
