"""Days of cover: a factor on the base cover, and orders of what the stock position lacks of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from entrepot.agents.neural.features import NodeFeatures
from entrepot.agents.neural.heads.head import Explained, Wanted, head_named, register_head
from entrepot.agents.neural.lane_encoding import LaneEncoding
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import orders_from_cover

LEAST_LOG_SCALE = -5.0
MOST_LOG_SCALE = 1.5
ECHELON_RANGE = (-0.5, 1.5)
OPENING_ECHELON = 0.0
"""Of what is short further down, the share that joins a lane's target: 0 is base stock of nodes, 1 is of echelons."""
OPENING_SEASON = 0.0
"""As a logit: an untrained policy expects the square root of the seasonal index."""


@dataclass(frozen=True)
class Outlook:
    """What the covers of P pairs of environment and lane are worked out of, beside the answers."""

    ahead: (
        Tensor  # [3, P, 1] logarithm of the season ahead over that of the last 28 days, of the last 91, and over none
    )
    rates: Tensor  # [3, P, S] units a day at the destination: of the last 28 days, of the last 91, in the long run
    rate: Tensor  # [P, S] units a day that cover is counted in
    base_cover_days: Tensor  # [P, S]
    fixed_days: Tensor  # [P, S] of it, whatever the answer's size
    below: Tensor  # [P, S] days by which the nodes fed from the destination are short

    @classmethod
    def of(cls, attributes: NetworkAttributes, encoded: LaneEncoding) -> Outlook:
        """Of the pairs that were encoded."""
        return cls.at(attributes, encoded.known, encoded.environment, encoded.lane)

    @classmethod
    def at(cls, attributes: NetworkAttributes, known: NodeFeatures, environment: Tensor, lane: Tensor) -> Outlook:
        """Of [P] environments and [P] lanes."""
        destination = attributes.lane_destination[lane]
        outlook = torch.log(known.ahead[environment, lane].clamp(min=0.05))
        trailing = torch.log(known.trailing[environment])
        return cls(
            ahead=torch.stack([*(outlook - seen for seen in trailing.unbind(dim=1)), outlook]).unsqueeze(-1),
            rates=torch.stack(
                [
                    known.slow_rate[environment, destination],
                    known.quarter_rate[environment, destination],
                    known.mean_rate[0, destination],
                ]
            ),
            rate=known.rate[environment, destination],
            base_cover_days=known.base_cover.expand(*known.ahead.shape, -1)[environment, lane],
            fixed_days=known.fixed_days.expand(*known.ahead.shape, -1)[environment, lane],
            below=known.below[environment, destination],
        )

    def scaled(self, answer: Tensor) -> tuple[Tensor, Tensor]:
        """[P, S] days of `rate` that the answers make of the base cover, and the echelon's share, of [P, S, K]."""
        size, echelon, season, *beliefs = answer.unbind(dim=-1)
        # How far to trust the last weeks, the quarter and the long run is learnt: chasing noise is what swells stock.
        trust = torch.softmax(torch.stack(beliefs), dim=0)
        believed = (trust * torch.exp(torch.sigmoid(season) * self.ahead) * self.rates).sum(dim=0)
        size = torch.exp(size.clamp(LEAST_LOG_SCALE, MOST_LOG_SCALE))
        days = self.fixed_days + size * (self.base_cover_days - self.fixed_days)
        return believed / self.rate * days, echelon.clamp(*ECHELON_RANGE)

    def cover(self, answer: Tensor) -> Tensor:
        """[P, S] days of `rate` to order up to, of [P, S, K] answers; what is short below included."""
        days, share = self.scaled(answer)
        return (days + share * self.below).clamp(min=0.0)


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
        encoded: LaneEncoding,
        answer: Tensor,
        learns: Tensor | None,
        smoothing_days: float,
    ) -> Wanted:
        """As in `Head`."""
        cover = self.cover(snapshot, attributes, encoded, answer, learns)
        rate = encoded.known.rate
        return Wanted(orders_from_cover(attributes, snapshot, cover, rate, smoothing_days=smoothing_days), None)

    def cover(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        encoded: LaneEncoding,
        answer: Tensor,
        learns: Tensor | None = None,
    ) -> Tensor:
        """[B, L, S] days of `known.rate` to order up to, what is short below included."""
        pairs = encoded.environment, encoded.lane
        base = encoded.known.base_cover.expand(*snapshot.lane_wait_days.shape, -1)
        days, share = Outlook.of(attributes, encoded).scaled(answer)
        cover = base.index_put(pairs, days)
        echelon = torch.zeros_like(base).index_put(pairs, share)
        if learns is not None:
            cover = torch.where(learns[:, None] > 0.5, cover, cover.detach())
            echelon = torch.where(learns[:, None] > 0.5, echelon, echelon.detach())
        return (cover + echelon * encoded.known.below[:, attributes.lane_destination]).clamp(min=0.0)

    def explained(
        self, snapshot: Snapshot, attributes: NetworkAttributes, encoded: LaneEncoding, answer: Tensor
    ) -> Explained:
        """As in `Head`."""
        cover = self.cover(snapshot, attributes, encoded, answer)
        wish = orders_from_cover(attributes, snapshot, cover, encoded.known.rate)
        return Explained(cover, wish, torch.ones_like(wish))


def cover_head_named(settings: NeuralPolicySettings) -> CoverHead:
    """The head that settings name, for those who act in an environment that takes days of cover.

    Raises:
        ConfigurationError: it is not `cover`: days of cover can't say what the others decide.
    """
    head = head_named(settings)
    if not isinstance(head, CoverHead):
        raise ConfigurationError(
            f"policy.head: {settings.head!r}; allowed where the environment is told days of cover: cover. "
            "trainer=pathwise trains any head"
        )
    return head
