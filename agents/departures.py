"""Whether a departure carries enough to be worth the price that is paid once for it.

Waiting for the next departure saves that price, and the shorter stock costs less to hold. A lane whose goods are short
by q units, of a SKU that sells r a day, would on average have held q/2 units for q/r days, had it not waited: when
holding cost h q²/(2r), summed over SKUs, reaches the price K, the economic order quantity is reached (Harris 1913; for
several items that share one price: Silver 1981, 'Establishing reorder points in the (S, c, s) coordinated control
system'). Learnt is the share of K at which to go: less than 1 where a shortage looms.

To go or not is no smooth choice, and the value of the goods on board is not their value at the margin, which is small
when all arrive and large when none does. So training tries: a few departures, drawn at random, carry a random share u
of what is wanted, and the marginal value there, whose mean over u is the whole shipment's value (the integral along the
way from nothing to all: Aumann and Shapley 1974), is what the threshold learns from.
"""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.observe.snapshot import NetworkAttributes

SOFTNESS = 0.5
"""In logarithms of the share: how far from the threshold a gradient still reaches."""
TRIED_SHARE = 0.05
"""Of the departures in training."""
LEAST_PRICE_USD = 1e-3
"""Below it there is nothing to save by waiting: the lane always departs."""


def departures_cost(attributes: NetworkAttributes) -> bool:
    """Whether any lane has a price that is paid once for a departure; where values can't be told they may."""
    return not attributes.tells_values or bool((attributes.lane_shipment_usd >= LEAST_PRICE_USD).any())


def log_saving(wanted: Tensor, rate: Tensor, holding: Tensor, price: Tensor) -> Tensor:
    """[...] logarithm of what holding the goods would have cost, over the price of a departure.

    Args:
        wanted: [..., S] units that the lane would carry.
        rate: [..., S] units a day at the lane's destination.
        holding: [..., S] USD a unit and day.
        price: [...] USD a departure; less than `LEAST_PRICE_USD` counts as that.
    """
    price = price.clamp(min=LEAST_PRICE_USD)
    return torch.log((holding * wanted * (wanted / rate)).sum(dim=-1) / (2 * price) + 1e-6)


def departing(beyond: Tensor, free: Tensor, chance: torch.Generator | None) -> Tensor:
    """[...] the share of what is wanted that departs: 0 or 1, but for what is tried.

    Backwards, what is tried is a logistic curve about the threshold (straight-through: Bengio, Léonard and Courville
    2013).

    Args:
        beyond: [...] by how much the logarithm of what is saved is above its threshold.
        free: [...] booleans, where it departs in any case, as it costs nothing or the goods are bitterly needed.
        chance: draws the departures that are tried in part, so that the threshold learns; none are if None.
    """
    departs: Tensor = ((beyond > 0) | free).to(beyond)
    if chance is None:
        return departs
    tried, share = torch.rand(2, *beyond.shape, generator=chance, dtype=beyond.dtype, device=beyond.device)
    soft = torch.sigmoid(beyond / SOFTNESS) / TRIED_SHARE
    return torch.where((tried < TRIED_SHARE) & ~free, share + (soft - soft.detach()), departs)
