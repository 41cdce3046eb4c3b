"""A learner's state as a run's checkpoints keep it."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import torch

from entrepot.training.trainers.checkpoints import Checkpoints, Progress

LEARNER_FILE = "learner.pt"


def keep(checkpoints: Checkpoints, progress: Progress, state: Mapping[str, Any]) -> None:
    """Write a checkpoint."""
    content = BytesIO()
    torch.save(dict(state), content)

    def write(path: str) -> None:
        checkpoints.files.create_dir(path)
        with checkpoints.files.open_output_stream(f"{path}/{LEARNER_FILE}") as stream:
            stream.write(content.getvalue())

    checkpoints.save(progress, write)


def last_kept(checkpoints: Checkpoints) -> tuple[dict[str, Any], Progress] | None:
    """The last checkpoint's state, and how far the run had come; None if there is none."""
    found = checkpoints.last()
    if found is None:
        return None
    path, progress = found
    with checkpoints.files.open_input_stream(f"{path}/{LEARNER_FILE}") as stream:
        state: dict[str, Any] = torch.load(BytesIO(stream.read()), weights_only=True)
    return state, progress
