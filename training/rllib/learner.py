"""RLlib's PPO learner, with minibatches of whole moments: what agents share is then computed once for all of them."""

from __future__ import annotations

from typing import Any

import torch
import tree
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.core.columns import Columns
from torch import Tensor

from entrepot.training.rllib.actors import moments


class WholeMoments(ConnectorV2):  # type: ignore[misc]
    """Puts the rows of a moment next to each other, moments in random order, and drops rows that don't count."""

    def __call__(self, *, batch: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Reorder every module's columns."""
        return {name: _reordered(columns) for name, columns in batch.items()}


class MomentsLearner(PPOTorchLearner):  # type: ignore[misc]
    """PPO as RLlib has it, after `WholeMoments`."""

    def build(self) -> None:
        """Append to the pipeline that RLlib builds."""
        super().build()
        if self._learner_connector is not None:
            self._learner_connector.append(WholeMoments())

    def update(self, *args: Any, num_total_minibatches: int = 0, **more: Any) -> Any:
        """As in RLlib, which counts the minibatches of several learners as if one module had learnt all episodes."""
        if num_total_minibatches:
            num_total_minibatches = max(1, num_total_minibatches // len(self.module.keys()))
        return super().update(*args, num_total_minibatches=num_total_minibatches, **more)


def _reordered(columns: dict[str, Any]) -> dict[str, Any]:
    counts = columns[Columns.LOSS_MASK]
    rows = counts.nonzero().squeeze(1)
    first, place = moments(columns[Columns.OBS]["moment"][rows])
    order = rows[torch.randperm(len(first), device=rows.device)[place].argsort(stable=True)]

    def taken(values: Any) -> Any:
        return values[order] if isinstance(values, Tensor) else values

    kept = {name: values for name, values in columns.items() if name != Columns.LOSS_MASK}
    result: dict[str, Any] = tree.map_structure(taken, kept)
    return result
