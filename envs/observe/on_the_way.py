"""What of the goods on the way counts for whom: `due` for a lane that orders, `arriving` for a node's next days.

Each is told twice: of the twin's ring, by rows that are added without a copy of the ring; and of a pipeline by days to
arrival, as snapshots go over the seam and as an exported graph takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.twin.state import State

if TYPE_CHECKING:
    from entrepot.envs.observe.snapshot import NetworkAttributes

ARRIVING_DAYS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""The pipeline is told as what arrives within so many days: day by day at first, then ever more coarsely."""


@dataclass(frozen=True)
class NearWindows:
    """Which rows of the ring of goods in transit count for the lanes that look less far ahead than it reaches."""

    lanes: Tensor  # [L'] integers
    rows: Tensor  # [H, W] integers, by today's place in the ring: rows of the ring seen as [N·H, ...], lane after lane
    starts: Tensor  # [L'] integers, where each lane's rows begin

    @classmethod
    def of(cls, window_days: Tensor, destination: Tensor, ring_days: int) -> NearWindows:
        """Of a network.

        Args:
            window_days: [L] integers, days within which goods count for a lane.
            destination: [L] integers, each lane's node.
            ring_days: H.
        """
        lanes = (window_days < ring_days - 1).nonzero().flatten()
        counted = window_days[lanes] + 1
        lane = torch.repeat_interleave(torch.arange(len(lanes), device=lanes.device), counted)
        starts = counted.cumsum(0) - counted
        ahead = torch.arange(len(lane), device=lanes.device) - starts[lane]
        today = torch.arange(ring_days, device=lanes.device)[:, None]
        return cls(lanes, destination[lanes][lane] * ring_days + (ahead + today) % ring_days, starts)


def due_in_ring(attributes: NetworkAttributes, state: State) -> Tensor:
    """[B, L, S] all that is on the way to a lane's destination; for near windows, the sum of their days in the ring."""
    nodes, ring_days, episodes, skus = state.pipeline.shape
    due = state.in_transit.transpose(0, 1).index_select(0, attributes.lane_destination)
    windows = attributes.near_windows(ring_days)
    if windows.lanes.shape[0]:
        ring = state.pipeline.reshape(nodes * ring_days, episodes * skus)
        near = torch.embedding_bag(ring, windows.rows[state.day % ring_days], windows.starts)[0]
        due = due.index_copy_(0, windows.lanes, near.view(-1, episodes, skus))
    return due.transpose(0, 1)


def due_by_days(attributes: NetworkAttributes, pipeline: Tensor) -> Tensor:
    """[B, L, S] units due at each lane's destination within the lane's window, of [B, N, S, H] by days to arrival.

    One product over all pairs of node and lane, of which each lane then picks its destination's row: a quarter of the
    time of a running sum over the days, and no [B, L, S, H] is ever made.
    """
    batch, nodes, skus, days = pipeline.shape
    lanes = attributes.lane_window_days.shape[0]
    counted = (torch.arange(days) <= attributes.lane_window_days[:, None]).to(pipeline)  # [L, H]
    by_pair = (counted @ pipeline.transpose(-1, -2)).reshape(batch, nodes * lanes, skus)
    return by_pair[:, attributes.lane_destination * lanes + torch.arange(lanes)]


def arriving_in_ring(state: State) -> Tensor:
    """[B, N, S, D] units due within each of `ARRIVING_DAYS`: what each adds to the one before, then their sum."""
    nodes, ring_days, episodes, skus = state.pipeline.shape
    rows, starts = _horizon_rows(nodes, ring_days, state.pipeline.device)
    ring = state.pipeline.reshape(nodes * ring_days, episodes * skus)
    added = torch.embedding_bag(ring, rows[state.day % ring_days], starts)[0]
    return added.view(nodes, len(ARRIVING_DAYS), episodes, skus).cumsum(dim=1).permute(2, 0, 3, 1)


def arriving_by_days(pipeline: Tensor) -> Tensor:
    """[B, N, S, D] units due within each of `ARRIVING_DAYS`, of [B, N, S, H] by days to arrival."""
    within = torch.arange(pipeline.shape[-1])[:, None] <= arriving_days(pipeline)  # [H, D]
    return pipeline @ within.to(pipeline)


def arriving_days(like: Tensor) -> Tensor:
    """[D] `ARRIVING_DAYS` as a tensor on the same device."""
    if torch.compiler.is_exporting():  # a graph has constants of its own
        return torch.tensor(ARRIVING_DAYS, device=like.device)
    return _arriving_days(like.device)


@cache
def _arriving_days(device: torch.device) -> Tensor:
    """Made once a device: to send a constant to an accelerator is to wait for it."""
    with torch.inference_mode(False):  # they serve training too
        return torch.tensor(ARRIVING_DAYS, device=device)


@cache
def _horizon_rows(nodes: int, ring_days: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """As `NearWindows`: [H, W] rows that each node's horizons add to those before, and [N·D] where they begin."""
    ahead = np.arange(min(ARRIVING_DAYS[-1] + 1, ring_days))
    horizon = np.searchsorted(ARRIVING_DAYS, ahead)
    counted = np.tile(np.bincount(horizon, minlength=len(ARRIVING_DAYS)), nodes)
    today = np.arange(ring_days)[:, None, None]
    rows = np.arange(nodes)[:, None] * ring_days + (ahead + today) % ring_days  # [H, N, W / N]
    starts = counted.cumsum() - counted
    with torch.inference_mode(False):  # they serve training too
        return torch.as_tensor(rows.reshape(ring_days, -1), device=device), torch.as_tensor(starts, device=device)
