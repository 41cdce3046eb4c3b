"""Trainers by the `kind` that their YAML names.

A trainer is a package beside this one and a YAML in `configs/trainer/`; nothing else has to know of it. The package has

- `settings.py` with `SETTINGS`: for each kind that it trains, the model of its YAML;
- `trainer.py` with `train`: from a job to what came of it;
- `deployed.py` with `module_of`: the untrained module that a run's weights belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from entrepot import training
from entrepot.configs.loader import ConfigurationError, validate
from entrepot.training.trainers.settings import TrainerSettings

if TYPE_CHECKING:
    from torch import nn

    from entrepot.envs.world import World
    from entrepot.training.experiment import ExperimentSettings
    from entrepot.training.trainers.job import Job, Outcome

Train = Callable[["Job"], "Outcome"]


@cache
def _kinds() -> dict[str, tuple[str, type[TrainerSettings]]]:
    """The package and the model of settings of each kind."""
    found: dict[str, tuple[str, type[TrainerSettings]]] = {}
    for place in training.__path__:
        for module in iter_modules([place]):
            if module.ispkg and (Path(place) / module.name / "trainer.py").is_file():
                package = f"{training.__name__}.{module.name}"
                models = import_module(f"{package}.settings").SETTINGS
                found |= {kind: (package, model) for kind, model in models.items()}
    return found


def trainer_kinds() -> list[str]:
    """Every `kind` that a trainer's YAML may name."""
    return sorted(_kinds())


def trainer_settings(content: Mapping[str, Any]) -> TrainerSettings:
    """The settings of a trainer, checked by the model of its kind.

    Raises:
        ConfigurationError: there is no trainer of that kind, or it can't use a key or value.
    """
    _, model = _named(content.get("kind"))
    return validate(model, dict(content), "trainer")


def trainer_of(experiment: ExperimentSettings) -> Train:
    """The function that trains as the experiment says."""
    package, _ = _named(experiment.trainer.kind)
    train: Train = import_module(f"{package}.trainer").train
    return train


def learned_module(experiment: ExperimentSettings, world: World | None = None) -> nn.Module:
    """The module that a run's weights belong to, untrained; from a snapshot and a network's attributes to orders.

    Args:
        experiment: settings of the run.
        world: its world; built anew if None and the module needs it.
    """
    package, _ = _named(experiment.trainer.kind)
    module: nn.Module = import_module(f"{package}.deployed").module_of(experiment, world)
    return module


def _named(kind: Any) -> tuple[str, type[TrainerSettings]]:
    if not isinstance(kind, str) or kind not in _kinds():
        raise ConfigurationError(f"trainer.kind: {kind!r}; allowed: {', '.join(trainer_kinds())}")
    return _kinds()[kind]
