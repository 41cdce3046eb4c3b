"""The seasonal index ahead, over the days that an order has to last."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.observe.snapshot import NetworkAttributes


def cumulative_outlook(season_ahead: Tensor) -> Tensor:
    """[B, W] mean of the weeks ahead up to and including each."""
    weeks = torch.ones_like(season_ahead).cumsum(dim=-1)
    return season_ahead.cumsum(dim=-1) / weeks


def outlook_of_lanes(attributes: NetworkAttributes, outlook: Tensor) -> Tensor:
    """[B, L] the outlook up to the arrival after next.

    Args:
        attributes: of the network.
        outlook: [B, W] as from `cumulative_outlook`.
    """
    days = attributes.lane_lead_days + attributes.lane_interval_days
    week = (days / 7.0).clamp(max=outlook.shape[1] - 1).to(torch.int64)
    return outlook[:, week]
