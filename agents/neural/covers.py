"""Base covers that the policy works out of a network's attributes, with what of them is learnt.

Of each node's cheapest way and SKU a newsvendor's base stock: days until the next departure's goods arrive, and a
safety of z standard deviations, where z is the quantile of margin / (margin + holding until the next arrival) (Silver,
Pyke and Thomas 2017, 'Inventory and production management in supply chains', chapter 7). A faster way is asked for what
would be missed before the cheap way's goods arrive, at the quantile of what it saves over what it costs more (the
dual-index policy: Veeraraghavan and Scheller-Wolf 2008, 'Now or later'). Learnt are few figures, the same for every
network; the policy's own answer, a factor on the cover, does the rest.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

QUANTILE_SCALE, QUANTILE_POWER = 5.5556, 0.1186
"""Of Shore's approximation of the normal quantile by odds u: 5.5556 (1 − u^−0.1186) for u ≥ 1 (Shore 1982, 'Simple
approximations for the inverse cumulative function')."""
OTHER_WAY_SHARE = 0.5
"""Of its lead time: the opening cover of a way that is neither the cheapest nor faster, as in the textbook's covers."""
LEAST_MARGIN_SHARE = 0.05
"""Of the margin that is left of it after freight and duty: what hardly earns is still kept in some stock."""
OPENING_LEVEL_SHARE = 0.15
"""Of the horizon's demand: how far a level that drifts may be off by then."""
OPENING_RESCUE = 0.3
"""How much less a shortage costs where a faster way can mend it, as a power of what that costs over the margin."""
MOST_COVER_DAYS = 400.0


class WorkedOutCovers(nn.Module):
    """From a network's attributes to [B, L, S] days of cover."""

    def __init__(self) -> None:
        """Open at the textbook's formula."""
        super().__init__()
        self.log_safety = nn.Parameter(torch.zeros(3))  # of nodes that sell, of nodes that feed others, of faster ways
        self.log_level = nn.Parameter(torch.tensor(math.log(OPENING_LEVEL_SHARE)))
        self.log_spread = nn.Parameter(torch.zeros(()))
        self.rescue = nn.Parameter(torch.tensor(OPENING_RESCUE))
        self.log_other = nn.Parameter(torch.tensor(math.log(OTHER_WAY_SHARE)))

    def forward(
        self, snapshot: Snapshot, attributes: NetworkAttributes, mean: Tensor, variance: Tensor, margin: Tensor
    ) -> Tensor:
        """Days of demand to order up to, before the policy's own factor.

        Args:
            snapshot: whose storage prices are read.
            attributes: of the network; its own base covers aren't read.
            mean: [1, N, S] units a day that pass through each node in the long run.
            variance: [1, N, S] units² a day of the same.
            margin: [N, S] USD lost with a unit that can't be sold.
        """
        to = attributes.lane_destination
        lead, interval = attributes.lane_lead_days.unsqueeze(-1), attributes.lane_interval_days.unsqueeze(-1)
        primary = attributes.lane_primary
        horizon = lead + interval  # [L, 1]
        nodes = torch.arange(len(attributes.capacity_m3), device=to.device)
        arrives = (to == nodes[:, None]).to(primary)  # [N, L]
        cheap_usd = (arrives @ (primary * attributes.lane_landed_usd))[to]  # [L, S] of the same node's cheapest way
        cheap_lead = (arrives @ (primary * lead))[to]
        faster = (1 - primary) * (lead < cheap_lead).to(primary) * attributes.lane_carries
        earned = margin[to]
        left = torch.maximum(earned - attributes.lane_landed_usd, LEAST_MARGIN_SHARE * earned)
        dearer = (attributes.lane_landed_usd - cheap_usd).clamp(min=0.0)
        # Where a faster way to the node mends a shortage, it costs that way's extra and not the margin.
        saves = faster * torch.log(1 + left / (dearer + 0.01 * earned))  # 0 where it is no faster way
        relief = (arrives.unsqueeze(-1) * saves).amax(dim=1)[to]
        storage = snapshot.storage_price[:, to].unsqueeze(-1)
        holding = attributes.value_usd * attributes.capital_share_per_day + attributes.volume_m3 * storage
        held = holding * interval + 1e-3 * earned  # [B, L, S] USD of a unit until the next goods arrive
        usual = torch.log(left / held) - self.rescue * relief
        hurried = torch.log((left - dearer).clamp(min=0.0) + 1e-3 * left) - torch.log(dearer + held)
        quantile = _normal_quantile(torch.where(faster > 0.5, hurried, usual))
        sells = (attributes.direct_share.sum(dim=1) > 0).to(primary)[to].unsqueeze(-1)
        log_safety = self.log_safety[1] + sells * (self.log_safety[0] - self.log_safety[1])
        log_safety = torch.where(faster > 0.5, self.log_safety[2], log_safety)
        noise = torch.exp(self.log_spread) * (variance / mean**2)[:, to] * horizon
        late = attributes.lane_lead_deviation_days.unsqueeze(-1) ** 2
        deviation = torch.sqrt(noise + late + (torch.exp(self.log_level) * horizon) ** 2)
        newsvendor = horizon + torch.exp(log_safety) * quantile * deviation
        other = (1 - primary) * (1 - faster)
        cover = torch.where(other > 0.5, torch.exp(self.log_other) * lead, newsvendor)
        result: Tensor = cover.clamp(0.0, MOST_COVER_DAYS)
        return result


def _normal_quantile(log_odds: Tensor) -> Tensor:
    """The standard normal's quantile at p, of log(p / (1 − p))."""
    return torch.sign(log_odds) * QUANTILE_SCALE * (1 - torch.exp(-QUANTILE_POWER * log_odds.abs()))
