"""Which module the weights of a run belong to, by the `kind` of its trainer."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from torch import nn

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
