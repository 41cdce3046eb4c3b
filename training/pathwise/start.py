"""The policy that training goes on from: what a run left behind, on one network or on many."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.trainers.modules import neural_policy
from entrepot.training.trainers.runs import load_run


def policy_to_start_from(experiment: ExperimentSettings) -> dict[str, Tensor] | None:
    """Its state; None where `trainer.start` names no run.

    Raises:
        ConfigurationError: there is no run, or its policy is of another shape.
    """
    start = PathwiseSettings.of(experiment.trainer).start
    if start is None:
        return None
    run = load_run(Path(start))
    state = run.module.state_dict()
    try:
        neural_policy(experiment).load_state_dict(state)
    except RuntimeError:
        theirs, ours = (one.policy.model_dump(mode="json") for one in (run.experiment, experiment))
        told = ", ".join(f"policy.{name}={theirs[name]}" for name in ours if theirs[name] != ours[name])
        raise ConfigurationError(
            f"trainer.start: {start!r}; allowed: a run whose policy has this one's shape; its own has {told}"
        ) from None
    return state
