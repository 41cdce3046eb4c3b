"""Perceptrons of the same shape side by side: one for all agents, or one for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

LAST_LAYER_GAIN = 0.01
"""An untrained policy's answers lie close to 0 (Andrychowicz et al. 2021, 'What matters in on-policy RL')."""
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


@dataclass(frozen=True)
class MlpSettings:
    """Widths of the hidden layers and what stands between them."""

    hidden: Sequence[int] = (256, 256)
    activation: str = "tanh"


class StackedLinear(nn.Module):
    """P linear layers, each with weights of its own."""

    def __init__(self, stacks: int, inputs: int, outputs: int, *, gain: float = math.sqrt(2)) -> None:
        """Args: P; width of the input; width of the output; gain of the orthogonal start."""
        super().__init__()
        weight = torch.empty(stacks, outputs, inputs)
        for one in weight:
            nn.init.orthogonal_(one, gain)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(stacks, outputs))

    def forward(self, values: Tensor) -> Tensor:
        """[P, B, outputs] of [P, B, inputs]."""
        return torch.baddbmm(self.bias.unsqueeze(1), values, self.weight.mT)


class StackedMlp(nn.Module):
    """P perceptrons of one shape."""

    def __init__(
        self, stacks: int, inputs: int, outputs: int, settings: MlpSettings, *, last_gain: float = LAST_LAYER_GAIN
    ) -> None:
        """Args: P; width of the input; width of the output; the hidden layers; gain of the last layer's start."""
        super().__init__()
        self.stacks = stacks
        layers: list[nn.Module] = []
        width = inputs
        for hidden in settings.hidden:
            layers += [StackedLinear(stacks, width, hidden), ACTIVATIONS[settings.activation]()]
            width = hidden
        layers.append(StackedLinear(stacks, width, outputs, gain=last_gain))
        self.layers = nn.Sequential(*layers)

    def forward(self, values: Tensor) -> Tensor:
        """[P, B, outputs] of [P, B, inputs]."""
        result: Tensor = self.layers(values)
        return result
