"""From a head's answers to what each lane and SKU would carry; a new head is a new file here that registers itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor

from entrepot.agents.neural.lane_encoding import LaneEncoding
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.configs.registry import Registry
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot


class Wanted(NamedTuple):
    """What a head would have lanes carry."""

    units: Tensor  # [B, L, S]; 0 on lanes that don't depart
    share: Tensor | None  # [B, L, S] of what is asked, that the origin's stock lets go; None where all of it does


@dataclass(frozen=True)
class Explained:
    """How a head comes to what it wants."""

    target_days: Tensor  # [B, L, S] days of the policy's rate that it orders up to
    wish: Tensor  # [B, L, S] units short of it
    released: Tensor  # [B, L, S] share of the wish that the origin's stock lets go


class Head(Protocol):
    """Makes units of answers, which are as many as `opening` is long. It is made from the policy's settings."""

    opening: tuple[float, ...]
    """The answers of an untrained policy."""
    consolidates: bool
    """Whether what isn't ordered today is wanted still at the next departure, so that it may wait for it."""

    def wanted(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding,
        answer: Tensor,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Wanted:
        """What lanes would carry today, not rounded.

        Args:
            snapshot: at decision time.
            attributes: of the network.
            encoded: P pairs of environment and lane.
            answer: [P, S, K] of each pair and SKU.
            learns: [L] 1 where gradients may reach the answer; everywhere if None.
            smoothing_days: see `orders_from_cover`.
        """
        ...

    def explained(
        self, snapshot: Snapshot, attributes: NetworkAttributes, encoded: LaneEncoding, answer: Tensor
    ) -> Explained | None:
        """How `wanted` comes about; None where there is no target behind it."""
        ...


_HEADS = Registry[Callable[[NeuralPolicySettings], Head]]()
register_head = _HEADS.register
"""Decorate a head's class so that `policy.head` can name it."""
head_names = _HEADS.names
"""Every name that `policy.head` may be."""


def head_named(settings: NeuralPolicySettings) -> Head:
    """The head that settings name.

    Raises:
        ConfigurationError: there is none.
    """
    return _HEADS.named(settings.head, "policy.head")(settings)
