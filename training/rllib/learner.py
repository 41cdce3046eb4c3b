"""RLlib's PPO learner behind a pipeline that takes the runner's arrays as they are."""

from __future__ import annotations

from typing import Any

from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner

from entrepot.training.rllib.connectors import EpisodesToBatch, WholeMoments


class ArraysLearner(PPOTorchLearner):  # type: ignore[misc]
    """PPO as RLlib has it; the configuration must leave RLlib's own connectors away."""

    def build(self) -> None:
        """Fill the pipeline."""
        super().build()
        pipeline = self._learner_connector
        if pipeline is not None:
            pipeline.append(
                EpisodesToBatch(discount=self.config.gamma, gae_lambda=self.config.lambda_, device=self._device)
            )
            pipeline.append(WholeMoments())

    def update(self, *args: Any, num_total_minibatches: int = 0, **more: Any) -> Any:
        """As in RLlib, which counts the minibatches of several learners as if one module had learnt all episodes."""
        if num_total_minibatches:
            num_total_minibatches = max(1, num_total_minibatches // len(self.module.keys()))
        return super().update(*args, num_total_minibatches=num_total_minibatches, **more)
