"""KPI of what customers met: a stated function of late, short, and days to refund; added up day by day with the others.

The paper tells of satisfaction (80 % to 90 %) and not what it is. Here every unit asked for has a score in [0, 1]:

    score = 0                                                                         if it was lost
    score = late_keeps^(late + waited) · (short_keeps if it had to wait) · refund     otherwise

with `late` = max(0, delivery days of the option used − promised days), `waited` = days in backlog, and
`refund` = 1 − share of sales that come back · (1 − refund_keeps^days from a return to its verdict). Satisfaction is the
mean over units asked for. The function and its four figures are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.twin.flows import Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.rationing import SMALLEST
from entrepot.envs.twin.state import State


@dataclass(frozen=True)
class Goodwill:
    """Figures of the function, all assumptions: what customers were promised, and what each failing leaves of 1."""

    promised_days: float = 2.0  # from order to delivery, the fastest that kreen's options are
    late_keeps: float = 0.8  # a day of delay; calibrated to the paper's 80 % of passive practice, see `docs/twin.md`
    short_keeps: float = 0.8  # not served on the day
    refund_keeps: float = 0.98  # a day until the verdict on what was sent back


ASSUMED = Goodwill()


@dataclass(frozen=True)
class SatisfactionTotals:
    """Sums over the days seen so far."""

    scores: Tensor  # [B, N] of all units asked for, in double precision; who waits counts with what is left by now
    left: Tensor  # [B, M, S] scores of those who wait
    assumed: Goodwill

    @classmethod
    def start(cls, parameters: TwinParameters, episodes: int, assumed: Goodwill = ASSUMED) -> Self:
        """Nothing seen yet, in B episodes."""
        scores = torch.zeros(episodes, parameters.nodes, dtype=torch.float64, device=parameters.device)
        left = torch.zeros(episodes, parameters.markets, parameters.skus, dtype=parameters.dtype, device=scores.device)
        return cls(scores, left, assumed)

    def add(self, parameters: TwinParameters, state: State, flows: Flows) -> Self:
        """Count one more day; arguments as in `KpiTotals.add`.

        Who waited is served in no order that the flows tell, so that a share of them takes the same share of their
        scores. Those who had asked before the first day that counts have none, as they aren't among who asked.
        """
        of_unit = _of_option(parameters, self.assumed)[:, None, :, None]
        served = flows.served.sum(dim=0)
        mean = (flows.served * of_unit).sum(dim=0) / served.clamp(min=SMALLEST)
        today = served - flows.served_backlog
        waits = (flows.demand - today - flows.lost).clamp(min=0.0)
        waited = state.backlog - waits + flows.served_backlog
        gone = (flows.served_backlog / waited.clamp(min=SMALLEST)).clamp(max=1.0) * self.left
        left = (self.left - gone + waits * self.assumed.short_keeps) * self.assumed.late_keeps
        change = ((today + gone) * mean + left - self.left).sum(dim=-1)
        return type(self)(self.scores + change @ parameters.market.direct_share.T, left, self.assumed)


def _of_option(parameters: TwinParameters, assumed: Goodwill) -> Tensor:
    """[R, M] score of a unit that an option serves at once."""
    late = (parameters.option.days - assumed.promised_days).clamp(min=0.0)
    return assumed.late_keeps**late * _refund(parameters, assumed)


def _refund(parameters: TwinParameters, assumed: Goodwill) -> Tensor:
    """[M] what is left of the score of a unit sold, on average, as some are sent back to the market's first option."""
    market, inspection = parameters.market, parameters.inspection
    if inspection is None:
        return torch.ones_like(market.returns_share)
    days = torch.arange(len(inspection.inspected_in), dtype=parameters.dtype, device=parameters.device)
    by_node = (inspection.inspected_in.flatten(1) * assumed.refund_keeps ** days[:, None]).sum(dim=0)  # [N]
    return 1 - market.returns_share * (1 - by_node @ market.direct_share)
