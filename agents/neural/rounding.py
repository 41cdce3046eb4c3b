"""Whole units of what lanes get of a scarce stock."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.observe.snapshot import NetworkAttributes

UPWARDS = 1 + 2.0**-20
"""Before rounding, so that a half is rounded up though its last bit is missing."""


def whole_together(attributes: NetworkAttributes, units: Tensor) -> Tensor:
    """[B, L, S] whole units whose sum over an origin's lanes is that of [B, L, S] units, rounded.

    Each share of a scarce stock by itself would lose units or find some that aren't there: three stores with a third
    each of the last unit would all be sent nothing. So each lane's running sum is rounded, less that of the lanes
    before it. Exported graphs don't: what they share is made whole where orders are
    (`entrepot.agents.inference.feasibility`).
    """
    if torch.compiler.is_exporting():
        return units
    together = (attributes.lane_origin[:, None] == attributes.lane_origin).to(units)
    return _rounded(together.tril() @ units) - _rounded(together.tril(-1) @ units)


def _rounded(units: Tensor) -> Tensor:
    return torch.floor(units * UPWARDS + 0.5)
