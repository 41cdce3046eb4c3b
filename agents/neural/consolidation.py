"""The neural policy's threshold of departures: see `entrepot.agents.departures`.

Whatever was learnt, a departure isn't let go by where its destination would run out before the next one arrives and the
sales lost until then are worth its price: a network that starts empty is none that training ever saw.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from entrepot.agents.departures import LEAST_PRICE_USD, departing, log_saving
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import stock_position

OPENING_LOG_SHARE = -1.4
"""An untrained policy departs at a quarter of the price."""
LANE_SUMS = 2
RUNS_OUT_SHARE = 0.5
"""Of what is asked between today's arrival and the next departure's: from here on the destination runs out."""
LEAST_DAYS_ABOARD = 1.0
"""Of the destination's demand: less is no help, and waits as it would."""


class Consolidation(nn.Module):
    """From what a lane could carry today to whether it departs."""

    def __init__(self, width: int) -> None:
        """Args: width of the lane-SKU cells' hidden layer, whose mean over SKUs tells the state of the lane."""
        super().__init__()
        self.threshold = nn.Linear(width + LANE_SUMS, 1)
        with torch.no_grad():
            self.threshold.weight.zero_()
            self.threshold.bias.fill_(OPENING_LOG_SHARE)

    def forward(
        self,
        snapshot: Snapshot,
        attributes: NetworkAttributes,
        hidden: Tensor,
        wanted: Tensor,
        rate: Tensor,
        margin: Tensor,
        environment: Tensor,
        lane: Tensor,
        sooner: Tensor | None = None,
        chance: torch.Generator | None = None,
    ) -> Tensor:
        """Whether to depart, for P pairs of environment and lane.

        Args:
            snapshot: at decision time.
            attributes: of the network.
            hidden: [P, S, width] of each lane-SKU cell.
            wanted: [P, S] units that the lane would carry.
            rate: [P, S] units a day at the lane's destination.
            margin: [P, S] USD lost there with a unit that can't be sold.
            environment: [P] index into the batch.
            lane: [P] index of a lane.
            sooner: [P] added to the logarithm of the threshold, as in `WorkedOut`; nothing if None.
            chance: draws the departures that are tried in part, so that the threshold learns; none are if None.

        Returns:
            [P] the share of what is wanted that departs, as in `departing`.
        """
        wanted = wanted.detach()  # the price says nothing of how much to want
        price = attributes.lane_shipment_usd[lane]
        storage = snapshot.storage_price.expand(snapshot.on_hand.shape[0], -1)
        storage = storage[environment, attributes.lane_destination[lane]].unsqueeze(-1)
        holding = attributes.value_usd * attributes.capital_share_per_day + attributes.volume_m3 * storage
        saved = log_saving(wanted, rate, holding, price)
        cover = wanted.sum(dim=-1) / rate.sum(dim=-1)
        sums = torch.stack([0.3 * saved, torch.log1p(cover)], dim=-1)
        threshold: Tensor = self.threshold(torch.cat([hidden.mean(dim=1), sums], dim=-1)).squeeze(-1)
        if sooner is not None:
            threshold = threshold + sooner
        runs_out = _runs_out(snapshot, attributes, wanted, rate, margin, environment, lane)
        return departing(saved - threshold, (price < LEAST_PRICE_USD) | runs_out, chance)


def _runs_out(
    snapshot: Snapshot,
    attributes: NetworkAttributes,
    wanted: Tensor,
    rate: Tensor,
    margin: Tensor,
    environment: Tensor,
    lane: Tensor,
) -> Tensor:
    """[P] whether a lane's destination lacks most of what is asked before the departure after today's arrives.

    Counted are goods that the lane would carry, and that can't be sold out of stock and what is due. What they would
    earn must be worth the price.
    """
    interval = attributes.lane_interval_days[lane].unsqueeze(-1)
    until = attributes.lane_lead_days[lane].unsqueeze(-1) + interval
    carried = rate * attributes.lane_carries[lane]
    position = stock_position(attributes, snapshot)[environment, lane].clamp(min=0.0)
    lacks = torch.minimum((rate * until - position).clamp(min=0.0), rate * interval) * (wanted > 0)
    runs_out = lacks.sum(dim=-1) >= RUNS_OUT_SHARE * (carried * interval).sum(dim=-1)
    worth = (lacks * margin).sum(dim=-1) >= attributes.lane_shipment_usd[lane]
    result: Tensor = runs_out & worth & (wanted.sum(dim=-1) >= LEAST_DAYS_ABOARD * carried.sum(dim=-1))
    return result
