"""From the runner's episodes to a training batch, array by array.

RLlib's own pieces do the same for episodes of any kind, one step and one column at a time. These know that episodes are
arrays of whole chunks that end where they are cut, and never terminate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import tree
from numpy.typing import NDArray
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.evaluation.postprocessing import Postprocessing

from entrepot.training.rllib.actors import moments

LEAST_DEVIATION = 1e-4
"""Advantages are divided by their deviation, but by no less than this; as in RLlib."""


class EpisodesToBatch(ConnectorV2):  # type: ignore[misc]
    """Lays each module's episodes end to end, with generalised advantages (Schulman et al. 2016)."""

    def __init__(self, *, discount: float, gae_lambda: float, device: torch.device | str = "cpu") -> None:
        """Args: γ; λ; where tensors go."""
        super().__init__()
        self._discount, self._decay = discount, discount * gae_lambda
        self._device = device

    def __call__(self, *, rl_module: Any, episodes: Sequence[SingleAgentEpisode], **_: Any) -> dict[str, Any]:
        """[rows, …] tensors by module and column."""
        by_module: dict[str, list[SingleAgentEpisode]] = defaultdict(list)
        for episode in episodes:
            by_module[str(episode.module_id)].append(episode)
        return {name: self._batch(rl_module[name].unwrapped(), own) for name, own in by_module.items()}

    def _batch(self, module: Any, episodes: Sequence[SingleAgentEpisode]) -> dict[str, Any]:
        seen = [episode.observations.data for episode in episodes]
        columns = {
            Columns.OBS: tree.map_structure(lambda *values: self._laid([value[:-1] for value in values]), *seen),
            Columns.ACTIONS: self._laid([episode.actions.data for episode in episodes]),
            **{
                name: self._laid([episode.extra_model_outputs[name].data for episode in episodes])
                for name in episodes[0].extra_model_outputs
            },
        }
        last = tree.map_structure(lambda *values: self._laid([value[-1:] for value in values]), *seen)
        with torch.no_grad():
            values = module.compute_values({Columns.OBS: columns[Columns.OBS]}).cpu().numpy()
            bootstrap = module.compute_values({Columns.OBS: last}).cpu().numpy()
        rewards = [np.asarray(episode.rewards.data, np.float32) for episode in episodes]
        advantages = self._advantages(rewards, values, bootstrap)
        targets = advantages + values
        normal = (advantages - advantages.mean()) / max(LEAST_DEVIATION, float(advantages.std()))
        columns[Postprocessing.ADVANTAGES] = torch.as_tensor(normal, device=self._device)
        columns[Postprocessing.VALUE_TARGETS] = torch.as_tensor(targets, device=self._device)
        return columns

    def _laid(self, pieces: Sequence[NDArray[Any]]) -> torch.Tensor:
        return torch.as_tensor(np.concatenate(pieces), device=self._device)

    def _advantages(
        self, rewards: Sequence[NDArray[np.float32]], values: NDArray[np.float32], bootstrap: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """[rows]; episodes of one length are worked out together."""
        lengths = np.array([len(reward) for reward in rewards])
        first = np.cumsum(lengths) - lengths
        advantages = np.empty_like(values)
        for length in np.unique(lengths):
            chosen = np.flatnonzero(lengths == length)
            rows = first[chosen, None] + np.arange(length)  # [E, T]
            value = np.concatenate([values[rows], bootstrap[chosen, None]], axis=1)
            surprise = (
                np.stack([rewards[place] for place in chosen.tolist()]) + self._discount * value[:, 1:] - value[:, :-1]
            )
            running = np.zeros(len(chosen), np.float32)
            for day in range(int(length) - 1, -1, -1):
                running = surprise[:, day] + self._decay * running
                advantages[rows[:, day]] = running
        return advantages


class WholeMoments(ConnectorV2):  # type: ignore[misc]
    """Puts the rows of a moment next to each other, moments in random order.

    Minibatches then hold whole moments, and what agents share is computed once for all of them.
    """

    def __call__(self, *, batch: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Reorder every module's columns."""
        return {name: _reordered(columns) for name, columns in batch.items()}


def _reordered(columns: dict[str, Any]) -> dict[str, Any]:
    first, place = moments(columns[Columns.OBS]["moment"])
    order = torch.randperm(len(first), device=place.device)[place].argsort(stable=True)
    result: dict[str, Any] = tree.map_structure(lambda values: values[order], columns)
    return result
