"""From a head's answers to what each lane and SKU would carry; a new head is one new class that registers itself.

`cover` answers with a factor on the base cover and orders what the stock position lacks. `units` answers with the order
itself, in units that scale with what the SKU sells: how much stock there is already it must learn from its features.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as functional
from torch import Tensor

from entrepot.agents.neural.considered import Considered
from entrepot.configs.loader import ConfigurationError
from entrepot.configs.registry import Registry
from entrepot.envs.order_up_to import orders_from_cover
from entrepot.envs.snapshot import NetworkAttributes, Snapshot

LEAST_LOG_SCALE = -5.0
MOST_LOG_SCALE = 1.5
OPENING_TRUST = (-1.0, 1.5, -1.0)
"""As logits, in the last 28 days, the last 91, and the long run: 7, 86 and 7 %."""
OPENING_SEASON = 0.0
"""As a logit: an untrained policy expects the square root of the seasonal index."""
OPENING_PRIMARY, OPENING_OTHER = 0.54, -4.0
"""What is added to an answer of plain units on a SKU's cheapest way to a node and on its other ways: by softplus, 1 and
0.02 of what sells between two departures."""
MOST_UNITS_ANSWER = 50.0


class Head(Protocol):
    """Makes units of answers, which are as many as `opening` is long."""

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


_HEADS = Registry[type[Head]]()
register_head = _HEADS.register
"""Decorate a head's class so that `policy.head` can name it."""
head_names = _HEADS.names
"""Every name that `policy.head` may be."""


def head_named(name: str) -> Head:
    """The head of a name.

    Raises:
        ConfigurationError: there is none.
    """
    return _HEADS.named(name, "policy.head")()


def cover_head_named(name: str) -> CoverHead:
    """The head of a name, for those who act in an environment that takes days of cover.

    Raises:
        ConfigurationError: its answers are no covers.
    """
    head = head_named(name)
    if not isinstance(head, CoverHead):
        raise ConfigurationError(
            f"policy.head: {name!r}; allowed where the environment is told days of cover: cover. "
            "trainer=pathwise trains any head"
        )
    return head


@register_head("cover")
class CoverHead:
    """Scales the base cover and orders what the stock position lacks of it."""

    opening = (0.0, OPENING_SEASON, *OPENING_TRUST)
    consolidates = True

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
        cover = self.cover(snapshot, attributes, considered, answer)
        if learns is not None:
            cover = torch.where(learns[:, None] > 0.5, cover, cover.detach())
        return orders_from_cover(attributes, snapshot, cover, considered.known.rate, smoothing_days=smoothing_days)

    def cover(
        self, snapshot: Snapshot, attributes: NetworkAttributes, considered: Considered, answer: Tensor
    ) -> Tensor:
        """[B, L, S] days of `known.rate`; on lanes that don't depart today, the base cover."""
        pairs = considered.environment, considered.lane
        cover = attributes.base_cover_days.expand(*snapshot.lane_wait_days.shape, -1)
        return cover.index_put(pairs, cover[pairs] * self._scale(attributes, considered, answer))

    @staticmethod
    def _scale(attributes: NetworkAttributes, considered: Considered, answer: Tensor) -> Tensor:
        """[P, S] by how much the base cover is multiplied on each pair of environment and lane."""
        known, environment, lane = considered.known, considered.environment, considered.lane
        size, season, *beliefs = answer.unbind(dim=-1)
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
        return scale * torch.exp(size.clamp(LEAST_LOG_SCALE, MOST_LOG_SCALE))


@register_head("units")
class UnitsHead:
    """Orders softplus(answer) times what sells between two departures.

    An untrained one orders on each SKU's cheapest way as much as sells, whatever the stock. What isn't ordered today is
    forgotten, so that no departure is left out for the next.
    """

    opening = (0.0,)
    consolidates = False

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
