"""Shape of a perceptron, as trainers' settings say it."""

from __future__ import annotations

from typing import Literal

from entrepot.agents.mlp import MlpSettings
from entrepot.configs.loader import StrictModel
from entrepot.configs.numbers import Count


class PerceptronSettings(StrictModel):
    """Hidden layers of a perceptron."""

    hidden: tuple[Count, ...] = (256, 256)
    activation: Literal["tanh", "relu"] = "tanh"

    def mlp(self) -> MlpSettings:
        """As perceptrons take them."""
        return MlpSettings(self.hidden, self.activation)
