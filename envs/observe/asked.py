"""What was asked for on a day of which only sales are known: `entrepot.envs.snapshot.lost_demand` on tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.snapshot.lost_demand import (
    LEAST_UNITS,
    MEAN,
    MOST_DISPERSION,
    Asked,
    given_at_least,
    season_of_day,
)


def asked(known: Knowledge, sales: Tensor, sold_out: Tensor, season_ahead: Tensor) -> Asked:
    """Demand of a day and its square, [B, M, S] each, estimated where customers may have left unserved.

    Args:
        known: before the day.
        sales: [B, M, S] units sold, those for which customers wait included.
        sold_out: [B, M, S] booleans.
        season_ahead: [B, E] of the day.
    """
    square = sales.square()
    # Few cells are sold out: what may have been lost is worked out for those alone.
    episode, market, sku = sold_out.nonzero(as_tuple=True)
    if not episode.numel():
        return Asked(sales, square)

    def of(values: Tensor) -> Tensor:
        return values[episode, market, sku]

    season = season_of_day(season_ahead).expand(len(sales))[episode]
    slow = of(getattr(known, MEAN))
    mean = (slow * season).clamp(min=LEAST_UNITS)
    variance = (of(known.demand_square) - slow.square()) * season.square()
    found = given_at_least(of(sales), mean, (variance / mean).clamp(1.0, MOST_DISPERSION))
    place = (episode, market, sku)
    return Asked(torch.index_put(sales, place, found.units), torch.index_put(square, place, found.square))
