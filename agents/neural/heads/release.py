"""Days of cover, and what share of an origin's stock is released to those who ask for it."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as functional
from torch import Tensor

from entrepot.agents.neural.heads.cover import CoverHead
from entrepot.agents.neural.heads.head import Explained, Wanted, register_head
from entrepot.agents.neural.lane_encoding import LaneEncoding
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

OPENING_RELEASE, MOST_RELEASED = 2.3, 1.1
"""As a logit and a share: an untrained policy releases all that is there."""
UNLIMITED = 1e9
LEAST_ASKED = 1e-6


@register_head("release")
class ReleaseHead:
    """As `cover`, and decides what share of an origin's stock today's lanes may take.

    Where lanes ask for more than their origin has, asking for a little less changes nothing, so that no gradient says
    when to hold stock back for a destination that will need it more. The share that is released has one.
    """

    consolidates = True

    def __init__(self, settings: NeuralPolicySettings) -> None:
        """Args: settings, which say what an untrained policy trusts."""
        self._cover = CoverHead(settings)
        self.opening = (OPENING_RELEASE, *self._cover.opening)

    def wanted(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding,
        answer: Tensor,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Wanted:
        """As in `Head`."""
        asked = self._cover.wanted(snapshot, attributes, encoded, answer[..., 1:], learns, smoothing_days).units
        share = self._share(snapshot, attributes, encoded, answer, asked, learns)
        return Wanted(asked * share, share)

    def explained(
        self, snapshot: Snapshot, attributes: NetworkAttributes, encoded: LaneEncoding, answer: Tensor
    ) -> Explained:
        """As in `Head`."""
        cover = self._cover.explained(snapshot, attributes, encoded, answer[..., 1:])
        share = self._share(snapshot, attributes, encoded, answer, cover.wish, None)
        return replace(cover, released=share)

    @staticmethod
    def _share(
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding,
        answer: Tensor,
        asked: Tensor,
        learns: Tensor | None,
    ) -> Tensor:
        """[B, L, S] of what is asked that the origin releases."""
        released = MOST_RELEASED * torch.sigmoid(answer[..., 0])
        if learns is not None:
            released = torch.where(learns[encoded.lane].unsqueeze(-1) > 0.5, released, released.detach())
        nodes = snapshot.on_hand.shape[1]
        origin = attributes.lane_origin.clamp(max=nodes)  # all suppliers are one, which lacks nothing
        there = snapshot.on_hand + snapshot.dock + snapshot.arriving[..., 0]
        there = functional.pad(there, (0, 0, 0, 1), value=UNLIMITED)[:, origin]
        pairs = encoded.environment, encoded.lane
        most = there.index_put(pairs, there[pairs] * released)
        leaves = (origin == torch.arange(nodes + 1, device=origin.device)[:, None]).to(asked)
        asked_there = (leaves @ asked)[:, origin]
        return (most / asked_there.clamp(min=LEAST_ASKED)).clamp(max=1.0)
