"""Covers told as logarithms relative to the base cover: how learners that act in an environment answer."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.action import MOST_COVER_DAYS

MOST_LOG_RATIO = 3.0
"""A cover lies between e⁻³ and e³ times the base cover."""
LEAST_COVER_DAYS = 1e-3


def cover_of(log_ratio: Tensor, base_cover_days: Tensor) -> Tensor:
    """Days of cover [..., L, S] of their logarithm relative to the base cover, within the environment's bounds."""
    ratio = torch.exp(log_ratio.clamp(-MOST_LOG_RATIO, MOST_LOG_RATIO))
    return (base_cover_days * ratio).clamp(max=MOST_COVER_DAYS)


def log_ratio_of(cover_days: Tensor, base_cover_days: Tensor) -> Tensor:
    """Logarithm [..., L, S] of days of cover relative to the base cover; no cover counts as a thousandth of a day."""
    base = base_cover_days.clamp(min=LEAST_COVER_DAYS)
    return torch.log(cover_days.clamp(min=LEAST_COVER_DAYS) / base)
