"""What the neural policy works out of a snapshot before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from entrepot.agents.neural.features import NodeFeatures


@dataclass(frozen=True)
class LaneEncoding:
    """Of P pairs of environment and lane: those that can order today."""

    known: NodeFeatures
    environment: Tensor  # [P] index into the batch
    lane: Tensor  # [P] index of a lane
    hidden: Tensor  # [P, S, lane width]
