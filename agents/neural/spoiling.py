"""How much to keep of what perishes: a newsvendor who pays for what is unsold when it expires, too.

Just after goods have arrived, a node holds so many days of demand, beside what is due. One unit more earns its margin
where more is asked than is there and due before the next goods arrive, or before it expires if that is sooner: as sales
are lost and not put off, once in such a time at the most, however many arrivals fall into it. It is left over where
less is asked, and is then held. And it perishes where less is asked than is there and due before the newest expires: of
y units, at least y − D(m) perish in the m days that the newest lasts, whatever comes after (outdating under a base
stock: Nahmias 2011, 'Perishable Inventory Systems'; bounds by paths: Cooper 2001, 'Pathwise properties and performance
bounds for a perishable inventory system'), so that it costs what it is worth once in m days. Demand is
taken as lognormal, which is never below 0 and as skewed as lumps are. It is a heuristic: on one node, simulated,
`tests/agents/neural/test_spoiling.py` tells how far from the best base stock it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

HALVINGS = 12
"""Of the range in which the days of stock lie: to a 4,000th of it."""
SHARES = 17
"""Of waiting that are compared."""
STEP_DAYS, LEAST_SLOPE = 0.05, 1e-6
"""Over which the slope of the gain is taken, and USD a day: what doesn't fall at all tells no gradient."""


@dataclass(frozen=True)
class Spoiling:
    """What a unit more of stock earns and costs in one cycle of arrivals; each [B, L, S]."""

    cycle: Tensor  # days between two arrivals
    lead: Tensor  # days from an order to its arrival
    lasts: Tensor  # days for which goods can be sold at the node, once they have lain elsewhere as long as they do
    deviation: Tensor  # days of demand, of what is asked until the arrival after next
    deviation_of_life: Tensor  # days of demand, of what is asked until goods ordered today perish
    earns: Tensor  # USD of a unit that is sold
    held: Tensor  # USD of a unit that is left over, for a cycle
    spoilt: Tensor  # USD of a unit that perishes: its value, and what brought it here

    def days_of_stock(self, least: float, most: Tensor) -> Tensor:
        """[B, L, S] days of demand just after goods have arrived, at which a unit more earns what it costs.

        Args:
            least: days that are kept whatever they cost.
            most: [B, L, S] days, at the most: such as are sold in time on all stages together.
        """
        with torch.no_grad():
            low, high = torch.full_like(most, least), most.detach().clamp(min=least)
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                more = self.gain(middle) > 0
                low, high = torch.where(more, middle, low), torch.where(more, high, middle)
            found = (low + high) / 2
            slope = (self.gain(found + STEP_DAYS) - self.gain(found - STEP_DAYS)) / (2 * STEP_DAYS)
        # Where gain is 0 the days move with what it hangs on as the implicit function theorem says; its value adds 0.
        gain = self.gain(found)
        found = found - (gain - gain.detach()) / slope.clamp(max=-LEAST_SLOPE)
        return torch.where(self.gain(most.detach()) > 0, most, found)

    def gain(self, days: Tensor) -> Tensor:
        """[B, L, S] USD that a unit more than so many days of stock brings in a cycle; it falls with the days."""
        sold_within = torch.minimum(self.cycle, self.lasts)
        unsold = _below(self.lead + days, self.lead + sold_within, self.deviation)
        perishes = _below(self.lead + days, self.lead + self.lasts, self.deviation_of_life)
        sales = self.cycle / (self.lead + sold_within)
        losses = self.cycle / (self.lead + self.lasts)
        return self.earns * sales * (1 - unsold) - self.held * unsold - self.spoilt * losses * perishes


def _below(days: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """The chance that demand of a mean and a deviation in days stays below so many days: a lognormal's."""
    square = torch.log1p((deviation / mean) ** 2)
    return _normal((torch.log(days / mean) + square / 2) / torch.sqrt(square))


def _normal(z: Tensor) -> Tensor:
    """The standard normal's distribution function."""
    return 0.5 * (1 + torch.erf(z / math.sqrt(2)))


def waiting_share(
    waits: Tensor,
    interval: Tensor,
    safety: Tensor,
    lasts: Tensor,
    deviation: Callable[[Tensor | float], Tensor],
    flow: Tensor,
    earns: Tensor,
    holding: Tensor,
    price: Tensor,
) -> Tensor:
    """[B, L, 1] of the days for which departures would be let go by if nothing perished, those that cost least.

    The longer a lane waits, the fewer of its departures are paid for, and the longer goods lie. What lasts less than a
    cycle is lost to its customers for the rest of it: of stock that is a bound of `lasts` days, the normal's loss
    function tells how much of a cycle's demand it falls short of.

    Args:
        waits: [B, L, 1] days beyond the interval.
        interval: [L, 1] days between departures.
        safety: [B, L, S] days of demand kept beyond a cycle's.
        lasts: [B, L, S] days, as in `Spoiling`.
        deviation: [B, L, S] days of demand, of what is asked in the lead time and so many days more.
        flow: [B, L, S] units a day that the lane carries.
        earns: [B, L, S] USD, as in `Spoiling`.
        holding: [B, L, S] USD a unit and day.
        price: [L] USD a departure.
    """
    with torch.no_grad():
        shares = torch.linspace(0, 1, SHARES, dtype=waits.dtype, device=waits.device).view(-1, 1, 1, 1)
        cycle = interval + shares * waits
        stock = torch.minimum(cycle + safety, lasts)
        # Short when the next goods arrive, less what was short already when the last ones did.
        short, before = deviation(cycle), deviation(0.0)
        lost = (short * _loss((stock - cycle) / short) - before * _loss(stock / before)) / cycle
        lies = cycle / 2 + (stock - cycle).clamp(min=0.0)
        usd = (flow * (earns * lost + holding * lies)).sum(dim=-1, keepdim=True) + price.unsqueeze(-1) / cycle
        best = usd.argmin(dim=0, keepdim=True)
        return torch.gather(shares.expand_as(usd), 0, best).squeeze(0)


def _loss(z: Tensor) -> Tensor:
    """The standard normal's loss function: the mean of what a normal variable is above z."""
    density = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return density - z * (1 - _normal(z))
