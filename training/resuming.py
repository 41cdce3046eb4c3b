"""Go on with a run: with the settings it kept, save for where it runs, what it is judged on, and how long it trains."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import SETTINGS_FILE, ExperimentSettings, compose_experiment, read_experiment

KEPT_ON_RESUME = ("compute.storage", "evaluation.warm_up_days")
"""Of what a run is computed and judged on: where its checkpoints are, and what validation warms up by too."""
EXTENDABLE = ("trainer.iterations", "trainer.seconds")
"""How long a run trains: more than it was begun with, so that it is extended."""
_FINDING = ("run", "folder", "network", "trainer")
"""Keys of overrides by which a run's folder is found."""
_SETS = {
    "trainer": ("trainer.kind",),
    "cluster": ("compute.address", "compute.workers", "compute.device", "compute.storage"),
    "demand": ("demand.name",),
}
"""What the choice of a group says: its kind, and not that its defaults are wanted."""


def resumed_experiment(overrides: Sequence[str]) -> ExperimentSettings:
    """The settings of the run that is to be gone on with, changed by what is given anew.

    Args:
        overrides: as of `compose_experiment`; `run` and `folder`, or what the run was named after, say which run.

    Raises:
        ConfigurationError: there is no such run, or a value is given that is not the run's and can't be another.
    """
    folder = compose_experiment([text for text in overrides if _key(text) in _FINDING])
    kept = kept_settings(folder)
    kind = [] if any(_key(text) == "trainer" for text in overrides) else [f"trainer={kept.trainer.kind}"]
    given = _flat(compose_experiment([*kind, *overrides]).model_dump())
    named = {key: given[key] for key in _named(overrides, given)}
    _refuse_changes(kept, {**_flat(kept.model_dump()), **named})
    return _with(kept, {**named, "run": folder.run, "folder": folder.folder})


def kept_settings(experiment: ExperimentSettings) -> ExperimentSettings:
    """The settings that the run in an experiment's folder was begun with.

    Raises:
        ConfigurationError: there is no run.
    """
    path = experiment.run_folder / SETTINGS_FILE
    if not path.is_file():
        raise ConfigurationError(
            f"--resume: {experiment.run_folder} holds no run; leave --resume away to start one, or say which: run=NAME"
        )
    return read_experiment(path)


def refuse_another_experiment(experiment: ExperimentSettings) -> None:
    """A resumed run must be the same experiment, save for what it runs on and is judged on, and how long it trains.

    Raises:
        ConfigurationError: there is no such run, or its settings differ; one line a key.
    """
    _refuse_changes(kept_settings(experiment), _flat(experiment.model_dump()))


def _refuse_changes(kept: ExperimentSettings, now: dict[str, Any]) -> None:
    before, folder = _flat(kept.model_dump()), kept.run_folder
    lines = [
        f"--resume: {key}: {_shown(now.get(key))}; the run in {folder} has {_shown(before.get(key))}"
        for key in sorted({*before, *now} - {"run", "folder"})
        if now.get(key) != before.get(key) and not _may_differ(key, before.get(key), now.get(key))
    ]
    if lines:
        raise ConfigurationError(
            "\n".join(lines) + "; give only what may differ (compute, evaluation, and more trainer.iterations), or "
            "start anew without --resume"
        )


def _may_differ(key: str, before: Any, now: Any) -> bool:
    if key in EXTENDABLE:
        return now is None or (before is not None and now > before)
    return key.startswith(("compute.", "evaluation.")) and key not in KEPT_ON_RESUME


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _named(overrides: Sequence[str], flat: Iterable[str]) -> list[str]:
    """Keys of settings that overrides give."""
    given = [
        key for text in overrides for key in _SETS.get(_key(text), (_key(text),)) if _key(text) not in ("run", "folder")
    ]
    return [name for name in flat if any(name == key or name.startswith(f"{key}.") for key in given)]


def _with(kept: ExperimentSettings, changes: dict[str, Any]) -> ExperimentSettings:
    content: dict[str, Any] = kept.model_dump()
    for key, value in changes.items():
        *path, last = key.split(".")
        place = content
        for part in path:
            place = place[part]
        place[last] = value
    return ExperimentSettings.model_validate(
        {**content, "trainer": type(kept.trainer).model_validate(content["trainer"])}
    )


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by keys as the command line has them."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat
