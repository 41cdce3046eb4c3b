"""From a head's answers to what each lane and SKU would carry; a new head is one new class that registers itself.

`cover` answers with a factor on the base cover and orders what the stock position lacks. `units` answers with the order
itself, in units that scale with what the SKU sells: how much stock there is already it must learn from its features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as functional
from torch import Tensor

from entrepot.agents.neural.considered import Considered
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.configs.loader import ConfigurationError
from entrepot.configs.registry import Registry
from entrepot.envs.order_up_to import orders_from_cover
from entrepot.envs.snapshot import NetworkAttributes, Snapshot

LEAST_LOG_SCALE = -5.0
MOST_LOG_SCALE = 1.5
ECHELON_RANGE = (-0.5, 1.5)
OPENING_ECHELON = 0.0
"""Of what is short further down, the share that joins a lane's target: 0 is base stock of nodes, 1 is of echelons."""
OPENING_SEASON = 0.0
"""As a logit: an untrained policy expects the square root of the seasonal index."""
OPENING_PRIMARY, OPENING_OTHER = 0.54, -4.0
"""What is added to an answer of plain units on a SKU's cheapest way to a node and on its other ways: by softplus, 1 and
0.02 of what sells between two departures."""
MOST_UNITS_ANSWER = 50.0


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
        considered: Considered,
        answer: Tensor,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Tensor:
        """[B, L, S] units that lanes would carry today; 0 on those that don't depart.

        Args:
            snapshot: at decision time.
            attributes: of the network.
            considered: P pairs of environment and lane.
            answer: [P, S, K] of each pair and SKU.
            learns: [L] 1 where gradients may reach the answer; everywhere if None.
            smoothing_days: see `orders_from_cover`.
        """
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


def cover_head_named(settings: NeuralPolicySettings) -> CoverHead:
    """The head that settings name, for those who act in an environment that takes days of cover.

    Raises:
        ConfigurationError: its answers are no covers.
    """
    head = head_named(settings)
    if not isinstance(head, CoverHead):
        raise ConfigurationError(
            f"policy.head: {settings.head!r}; allowed where the environment is told days of cover: cover. "
            "trainer=pathwise trains any head"
        )
    return head


@register_head("cover")
class CoverHead:
    """Scales the base cover and orders what the stock position lacks of it."""

    consolidates = True

    def __init__(self, settings: NeuralPolicySettings) -> None:
        """Args: settings, which say what an untrained policy trusts."""
        self.opening = (0.0, OPENING_ECHELON, OPENING_SEASON, *settings.opening_trust)

    def wanted(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        considered: Considered,
        answer: Tensor,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Tensor:
        """As in `Head`."""
        cover = self.cover(snapshot, attributes, considered, answer, learns)
        return orders_from_cover(attributes, snapshot, cover, considered.known.rate, smoothing_days=smoothing_days)

    def cover(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        considered: Considered,
        answer: Tensor,
        learns: Tensor | None = None,
    ) -> Tensor:
        """[B, L, S] days of `known.rate` to order up to, what is short below included."""
        pairs = considered.environment, considered.lane
        base = attributes.base_cover_days.expand(*snapshot.lane_wait_days.shape, -1)
        scale, share = self._scale(attributes, considered, answer)
        cover = base.index_put(pairs, base[pairs] * scale)
        echelon = torch.zeros_like(base).index_put(pairs, share)
        if learns is not None:
            cover = torch.where(learns[:, None] > 0.5, cover, cover.detach())
            echelon = torch.where(learns[:, None] > 0.5, echelon, echelon.detach())
        return (cover + echelon * considered.known.below[:, attributes.lane_destination]).clamp(min=0.0)

    @staticmethod
    def _scale(attributes: NetworkAttributes, considered: Considered, answer: Tensor) -> tuple[Tensor, Tensor]:
        """[P, S] on each pair of environment and lane: a factor on the base cover, and the echelon's share."""
        known, environment, lane = considered.known, considered.environment, considered.lane
        size, echelon, season, *beliefs = answer.unbind(dim=-1)
        destination = attributes.lane_destination[lane]
        # How far to trust the last weeks, the quarter and the long run is learnt: chasing noise is what swells stock.
        trust = torch.softmax(torch.stack(beliefs), dim=0)
        outlook = torch.log(known.ahead[environment, lane].clamp(min=0.05))
        trailing = torch.log(known.trailing[environment])
        ahead = torch.stack([*(outlook - seen for seen in trailing.unbind(dim=1)), outlook]).unsqueeze(-1)
        rates = torch.stack(
            [
                known.slow_rate[environment, destination],
                known.quarter_rate[environment, destination],
                known.mean_rate[0, destination],
            ]
        )
        believed = (trust * torch.exp(torch.sigmoid(season) * ahead) * rates).sum(dim=0)
        scale = believed / known.rate[environment, destination]
        return scale * torch.exp(size.clamp(LEAST_LOG_SCALE, MOST_LOG_SCALE)), echelon.clamp(*ECHELON_RANGE)


@register_head("units")
class UnitsHead:
    """Orders softplus(answer) times what sells between two departures.

    An untrained one orders on each SKU's cheapest way as much as sells, whatever the stock. What isn't ordered today is
    forgotten, so that no departure is left out for the next.
    """

    opening: tuple[float, ...] = (0.0,)
    consolidates = False

    def __init__(self, settings: NeuralPolicySettings) -> None:
        """Args: settings, none of which are its own."""

    def wanted(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        considered: Considered,
        answer: Tensor,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Tensor:
        """As in `Head`; there is no kink to smooth."""
        environment, lane = considered.environment, considered.lane
        between = considered.known.rate[environment, attributes.lane_destination[lane]]
        between = between * attributes.lane_interval_days[lane].unsqueeze(-1)
        primary = attributes.lane_primary[lane]
        opening = OPENING_OTHER + (OPENING_PRIMARY - OPENING_OTHER) * primary
        units = between * functional.softplus((answer.squeeze(-1) + opening).clamp(max=MOST_UNITS_ANSWER))
        if learns is not None:
            units = torch.where(learns[lane].unsqueeze(-1) > 0.5, units, units.detach())
        departs = (snapshot.lane_wait_days[environment, lane] < 0.5).unsqueeze(-1)
        units = torch.where(departs & (attributes.lane_carries[lane] > 0.5), units, 0.0)
        nothing = units.new_zeros(*snapshot.lane_wait_days.shape, units.shape[-1])
        return nothing.index_put((environment, lane), units)
