"""The neural policy of an experiment, and the file that a run's policy is kept in."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor

from entrepot.agents.neural import NeuralPolicy
from entrepot.configs.files import write_atomically
from entrepot.training.experiment import ExperimentSettings

PATHWISE_HEAD = "release"
"""Of the neural policy where no head is named and none is forbidden."""


def neural_policy(experiment: ExperimentSettings) -> NeuralPolicy:
    """The neural policy of an experiment, untrained."""
    return NeuralPolicy(experiment.policy.neural(head=PATHWISE_HEAD))


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
