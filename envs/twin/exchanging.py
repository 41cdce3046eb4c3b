"""Of what customers send back a share is exchanged: another unit goes out, and they wait for it before anybody else.

Who will exchange is told apart from who will get their money back on the day of the sale, so that each market's
exchanges can be served from that market's own options. What comes back is a return as any other; what is asked for in
its place joins the market's backlog on the same day, which is served before fresh demand, costs by the day that it
waits, and is never lost. A unit that goes out may come back again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.parameters.returns import RETURN_WAVES
from entrepot.envs.twin.scenario import Day


@dataclass(frozen=True)
class ExchangeState(Record):
    """What was sold and will be exchanged."""

    with_customers: Annotated[Tensor, Axes("WMBS", memory="WMBS")]  # units by wave, beside those of the state itself

    @classmethod
    def empty(cls, parameters: TwinParameters, *, episodes: int) -> Self | None:
        """Nothing sold yet; None where nobody exchanges anything."""
        if parameters.exchange is None:
            return None
        shape = RETURN_WAVES, parameters.markets, episodes, parameters.skus
        return cls(parameters.exchange.share.new_zeros(shape))


class Exchanged(NamedTuple):
    """What was exchanged today."""

    with_customers: Tensor  # [W, M, B, S] units before anything came back, by wave
    stay: Tensor  # [W, M, 1, 1] or [M, B, S], share of them that stays with customers
    units: Tensor  # [M, B, S] that came back, and are asked for again


def exchange(parameters: TwinParameters, state: ExchangeState, day: Day, *, whole_units: bool) -> Exchanged:
    """Take back what customers exchange today, of what was sold before."""
    goods = parameters.exchange
    assert goods is not None
    (quick, slow), (quick_hazard, slow_hazard) = state.with_customers.unbind(), goods.by_wave
    units = torch.addcmul(quick * quick_hazard, slow, slow_hazard)
    if not whole_units:
        return Exchanged(state.with_customers, 1 - goods.hazard, units)
    pool = quick + slow
    units = torch.minimum(units + day.rounding, pool).floor()
    return Exchanged(state.with_customers, 1 - units / pool.clamp(min=1e-9), units)


def to_be_exchanged(parameters: TwinParameters, exchanged: Exchanged, sold: Tensor) -> ExchangeState:
    """What customers have at the end of the day, with those of today's sales [M, B, S]."""
    assert parameters.exchange is not None
    return ExchangeState(torch.addcmul(sold * parameters.exchange.share, exchanged.with_customers, exchanged.stay))
