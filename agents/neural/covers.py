"""Base covers that the policy works out of a network's attributes, with what of them is learnt.

Of each node's cheapest way and SKU a newsvendor's base stock: days until the next departure's goods arrive, and a
safety of z standard deviations, where z is the quantile of margin / (margin + holding until the next arrival) (Silver,
Pyke and Thomas 2017, 'Inventory and production management in supply chains', chapter 7). Where a departure has a price
of its own, it is let go by until the goods that share it are worth it, and covers reach until then (the economic
cycle: Harris 1913; of several items: Silver 1981). A faster way is asked for what would be missed before the cheap
way's goods arrive, at the quantile of what it saves over what it costs more (the dual-index policy: Veeraraghavan and
Scheller-Wolf 2008, 'Now or later'), the less the closer the two arrivals are; prices and days are counted from the
supplier on, so that a sister node's stock, which has come all the way before, is no faster way. What perishes lies at
all nodes of its way together no longer than it lasts, and no longer than a unit more earns what its spoiling costs
(`spoiling`); lanes that carry it depart sooner: to hubs, so soon that it lasts; elsewhere, as soon as is worth the
price. Learnt are few figures, the same for every network; the policy's own answer, a factor on the cover, does the
rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from entrepot.agents.neural.spoiling import Spoiling, waiting_share
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
OPENING_CYCLE = 0.5
"""Of the economic cycle: how long an untrained policy lets departures go by, at a quarter of the price (see
`entrepot.agents.neural.consolidation`)."""
OPENING_LIFE_SHARE = 1.0
"""Of what is left of their life on arrival: how long goods that perish may lie at all nodes of their way together."""
OPENING_RESCUE = 0.3
"""How much less a shortage costs where a faster way can mend it, as a power of what that costs over the margin."""
MOST_COVER_DAYS = 400.0
MOST_CYCLE_DAYS = 120.0
HASTE = 8.0
"""The power of the mean over a lane's goods by which those that perish soonest count for more, on the way to a hub."""
LEAST_DEVIATION_DAYS = 1e-3
LEAST_HOLDING_SHARE = 1e-3
"""Of what a unit earns: what is free to hold would be held without end."""
LEAST_STAY_DAYS = 0.5
"""Of goods at a node, whatever little they earn."""
STAGES_ABOVE = 3
"""How many lanes in a row what goods cost is counted over."""


@dataclass(frozen=True)
class WorkedOut:
    """What the formula says of lanes."""

    cover: Tensor  # [B, L, S] days of demand to order up to
    fixed: Tensor  # [B, L, S] days of it until what is ordered today arrives: no policy makes them fewer
    sooner: Tensor  # [B, L] added to the logarithm of the threshold of departures; 0 where nothing perishes


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
        self.log_life = nn.Parameter(torch.tensor(math.log(OPENING_LIFE_SHARE)))
        self.log_cycle = nn.Parameter(torch.tensor(math.log(OPENING_CYCLE)))

    def forward(
        self, snapshot: Snapshot, attributes: NetworkAttributes, mean: Tensor, variance: Tensor, margin: Tensor
    ) -> WorkedOut:
        """Days of demand to order up to, before the policy's own factor, and how soon departures are worth their price.

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
        nodes = torch.arange(attributes.capacity_m3.shape[0], device=to.device)
        arrives = (to == nodes[:, None]).to(primary)  # [N, L]
        storage = snapshot.storage_price[:, to].unsqueeze(-1)
        holding = attributes.value_usd * attributes.capital_share_per_day + attributes.volume_m3 * storage
        flow = mean[:, to] * attributes.lane_carries
        economic = _economic_cycle(attributes, holding, flow)  # [B, L, 1]
        waits = primary * (torch.exp(self.log_cycle) * economic - interval / 2).clamp(min=0.0)
        units = flow.sum(dim=-1, keepdim=True) * torch.maximum(interval, economic)
        landed = attributes.lane_landed_usd + attributes.lane_shipment_usd.unsqueeze(-1) / units.clamp(min=1e-6)
        landed = landed + _upstream(attributes, arrives, landed)
        cheap_usd = (arrives @ (primary * landed))[:, to]  # [B, L, S] of the same node's cheapest way
        reached = lead + _upstream(attributes, arrives, lead.expand_as(primary).unsqueeze(0))
        cheap_lead = (arrives @ (primary * reached))[:, to]
        # What a sister node sends isn't sooner there than from where both have it: it would only be taken from her.
        faster = (1 - primary) * (reached < cheap_lead).to(primary) * attributes.lane_carries
        earned = margin[to]
        left = torch.maximum(earned - landed, LEAST_MARGIN_SHARE * earned)
        dearer = (landed - cheap_usd).clamp(min=0.0)
        spread = torch.exp(self.log_spread) * (variance / mean**2)[:, to]
        late = attributes.lane_lead_deviation_days.unsqueeze(-1) ** 2

        def deviation_until(days: Tensor) -> Tensor:
            """[B, L, S] days of demand, of what is asked in so many days."""
            deviation = torch.sqrt(spread * days + late + (torch.exp(self.log_level) * days) ** 2)
            return deviation.clamp(min=LEAST_DEVIATION_DAYS)

        deviation = deviation_until(horizon)
        # Of what is wanted at a time that nobody knows, a faster way brings in time what falls between two arrivals.
        sooner_days = ((arrives @ (primary * horizon))[to] - horizon).clamp(min=0.0)
        left_sooner = left * (sooner_days / (math.sqrt(2 * math.pi) * deviation)).clamp(max=1.0)
        # Where a faster way to the node mends a shortage, it costs that way's extra and not the margin.
        saves = faster * torch.log(1 + left_sooner / (dearer + 0.01 * earned))  # 0 where it is no faster way
        relief = (arrives.unsqueeze(-1) * saves.unsqueeze(1)).amax(dim=2)[:, to]
        # [B, L, S] USD of a unit until the next goods arrive.
        held = holding * (interval + waits) + LEAST_HOLDING_SHARE * earned
        usual = torch.log(left / held) - self.rescue * relief
        hurried = torch.log((left_sooner - dearer).clamp(min=0.0) + 1e-3 * left) - torch.log(dearer + held)
        quantile = _normal_quantile(torch.where(faster > 0.5, hurried, usual))
        sells = (attributes.direct_share.sum(dim=1) > 0).to(primary)[to].unsqueeze(-1)
        log_safety = self.log_safety[1] + sells * (self.log_safety[0] - self.log_safety[1])
        log_safety = torch.where(faster > 0.5, self.log_safety[2], log_safety)
        safety = torch.exp(log_safety) * quantile * deviation
        lies = (interval + waits + safety).clamp(min=LEAST_STAY_DAYS)  # days of demand just after goods have arrived
        cheapest, sooner = lead + lies, torch.zeros_like(waits[..., 0])
        lasts = torch.exp(self.log_life) * attributes.lane_life_days
        if attributes.may_perish:
            perishes = attributes.lane_life_days > 0
            fresh = (interval + safety).clamp(min=LEAST_STAY_DAYS)
            fresh = fresh * self._sold_in_time(attributes, arrives, fresh, lasts)
            here = lasts - _elsewhere(attributes, arrives, (fresh - interval / 2).clamp(min=LEAST_STAY_DAYS))
            here = torch.where(perishes, here.clamp(min=LEAST_STAY_DAYS), MOST_COVER_DAYS)
            earns = left * torch.exp(-self.rescue * relief)
            most_waits = waits.amax(dim=-1, keepdim=True)
            share = waiting_share(
                most_waits,
                interval,
                safety,
                here,
                lambda days: deviation_until(lead + days),
                primary * flow,
                earns,
                holding,
                attributes.lane_shipment_usd,
            )
            # What leaves a hub in lumps falls short of more than a normal would: there, all that perishes lasts.
            feeds = _feeds_others(attributes, arrives)
            together = _together(self._sold_in_time(attributes, arrives, lies, lasts), primary * flow)
            share = torch.where(feeds, together, share)
            share = torch.where((primary * perishes).sum(dim=-1, keepdim=True) > 0, share, 1.0)
            half = interval / 2  # on average a departure is late by so much
            sooner = torch.where(feeds, share, (half + share * most_waits) / (half + most_waits))
            cycle = interval + share * waits
            lies = (cycle + safety).clamp(min=LEAST_STAY_DAYS)
            in_time = lies * self._sold_in_time(attributes, arrives, lies, lasts)
            spoiling = Spoiling(
                cycle=cycle,
                lead=lead,
                lasts=here,
                deviation=deviation,
                deviation_of_life=deviation_until(lead + here),
                earns=earns,
                held=holding * cycle + LEAST_HOLDING_SHARE * earned,
                spoilt=attributes.value_usd + landed,
            )
            cheapest = lead + torch.where(perishes, spoiling.days_of_stock(LEAST_STAY_DAYS, in_time), lies)
            sooner = 2 * torch.log(sooner.squeeze(-1))
        hurry = horizon + safety
        hurry = torch.where(attributes.lane_life_days > 0, torch.minimum(hurry, lead + lasts), hurry)
        other = torch.where(faster > 0.5, hurry, torch.exp(self.log_other) * lead)
        cover = torch.where(primary > 0.5, cheapest, other)
        cover = cover.clamp(0.0, MOST_COVER_DAYS)
        return WorkedOut(cover, torch.minimum(cover, lead), sooner)

    def _sold_in_time(self, attributes: NetworkAttributes, arrives: Tensor, lies: Tensor, lasts: Tensor) -> Tensor:
        """[B, L, S] 1, or the share of [B, L, S] days of stock that is sold before it perishes: in `lasts` days."""
        life, primary = attributes.lane_life_days, attributes.lane_primary
        if not attributes.may_perish:
            return torch.ones_like(lies) + 0.0 * self.log_life  # a gradient, as workers with other networks have one
        all_stages = lies + _upstream(attributes, arrives, lies)
        kept = lasts / all_stages
        share = torch.where(life > 0, kept.clamp(max=1.0), torch.ones_like(all_stages))
        # What lies at a hub must last for the nodes that it feeds.
        feeds = attributes.lane_origin == torch.arange(arrives.shape[0], device=life.device)[:, None]  # [N, L]
        feeds = (feeds.unsqueeze(-1) & (primary > 0.5)).unsqueeze(1)  # [N, 1, L, S]
        for _ in range(STAGES_ABOVE):
            least = torch.where(feeds, share, 1.0).amin(dim=2)  # [N, B, S]
            share = torch.minimum(share, least.transpose(0, 1)[:, attributes.lane_destination])
        return share


def _economic_cycle(attributes: NetworkAttributes, holding: Tensor, flow: Tensor) -> Tensor:
    """[B, L, 1] days between departures at which goods that share their price cost least (Harris 1913, Silver 1981).

    Args:
        attributes: of the network.
        holding: [B, L, S] USD a unit and day.
        flow: [1, L, S] units a day at the lane's destination.
    """
    worth = (attributes.lane_primary * holding * flow).sum(dim=-1, keepdim=True)
    price = attributes.lane_shipment_usd.unsqueeze(-1)
    cycle: Tensor = torch.sqrt(2 * price / worth.clamp(min=1e-9)).clamp(max=MOST_CYCLE_DAYS)
    return cycle


def _together(share: Tensor, flow: Tensor) -> Tensor:
    """[B, L, 1] the share of the cycle after which a lane goes: what lasts least hastens all that travels with it.

    Args:
        share: [B, L, S] of the days that goods would lie, those after which they are sold in time.
        flow: [1, L, S] units a day.
    """
    often = (flow * share.clamp(min=1e-3) ** -HASTE).sum(dim=-1, keepdim=True)
    mean = often / flow.sum(dim=-1, keepdim=True).clamp(min=1e-6)
    shortest: Tensor = mean.clamp(min=1.0) ** (-1 / HASTE)
    return shortest


def _feeds_others(attributes: NetworkAttributes, arrives: Tensor) -> Tensor:
    """[L, 1] booleans, of lanes that end where others begin."""
    nodes = torch.arange(arrives.shape[0], device=arrives.device)
    return (attributes.lane_origin == nodes[:, None]).any(dim=1)[attributes.lane_destination].unsqueeze(-1)


def _elsewhere(attributes: NetworkAttributes, arrives: Tensor, dwells: Tensor) -> Tensor:
    """[B, L, S] days that goods lie at other nodes of their way: those before, and the most of those after."""
    feeds = attributes.lane_origin == torch.arange(arrives.shape[0], device=dwells.device)[:, None]  # [N, L]
    feeds = (feeds.unsqueeze(-1) & (attributes.lane_primary > 0.5)).unsqueeze(1)  # [N, 1, L, S]
    after = torch.zeros_like(dwells)
    for _ in range(STAGES_ABOVE):
        most = torch.where(feeds, dwells + after, 0.0).amax(dim=2).transpose(0, 1)  # [B, N, S]
        after = most[:, attributes.lane_destination]
    return _upstream(attributes, arrives, dwells) + after


def _upstream(attributes: NetworkAttributes, arrives: Tensor, of_lanes: Tensor) -> Tensor:
    """[B, L, S] what has gathered along the cheapest ways until goods stand at each lane's origin.

    Args:
        attributes: of the network.
        arrives: [N, L] 1 where the lane ends at the node.
        of_lanes: [B, L, S] what each lane adds.
    """
    nodes = arrives.shape[0]
    origin = attributes.lane_origin.clamp(max=nodes)  # all suppliers are one, where nothing has gathered
    gathered = torch.zeros_like(of_lanes)
    for _ in range(STAGES_ABOVE):
        at_node = arrives @ (attributes.lane_primary * (of_lanes + gathered))
        gathered = functional.pad(at_node, (0, 0, 0, 1))[:, origin]
    return gathered


def _normal_quantile(log_odds: Tensor) -> Tensor:
    """The standard normal's quantile at p, of log(p / (1 − p))."""
    return torch.sign(log_odds) * QUANTILE_SCALE * (1 - torch.exp(-QUANTILE_POWER * log_odds.abs()))
