"""What happened at nodes and isn't in the books yet: arrivals and sales are booked some days late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.snapshot.lost_demand import Asked
from entrepot.envs.twin import Flows, State, TwinParameters


@dataclass(frozen=True)
class Bookings(Record):
    """Of the last d days, the latest first; d is the longest delay of any node.

    What is sent to other nodes is known at once, as an order is. A market's sales are told with the delay of its first
    option.
    """

    shelved: Annotated[Tensor, Axes("dBNS")]  # units unloaded less units sold
    docked: Annotated[Tensor, Axes("dBNS")]  # units that joined the dock queue less units unloaded
    arrived: Annotated[Tensor, Axes("dBNS")]  # units from lanes
    asked: Annotated[Tensor, Axes("dBMS")]  # units, estimated
    square: Annotated[Tensor, Axes("dBMS")]  # their squares

    @classmethod
    def opening(cls, parameters: TwinParameters, known: Knowledge, state: State) -> Self | None:
        """Before the first day all was booked, and demand was as in the long run; None where nothing is late."""
        records = parameters.records
        if records is None or not records.delays:
            return None
        none = torch.zeros_like(state.on_hand).expand(records.delays, *state.on_hand.shape)
        days = (records.delays, 1, 1, 1)
        return cls(none, none, none, known.demand_slow.repeat(days), known.demand_square.repeat(days))

    def recorded(self, parameters: TwinParameters, state: State) -> tuple[State, Tensor]:
        """The state as the books have it, and [B, N, S] units that arrived and are still expected."""
        unbooked = self._unbooked(parameters)
        arrived = (self.arrived * unbooked).sum(dim=0)
        on_hand = (state.on_hand - (self.shelved * unbooked).sum(dim=0)).clamp(min=0.0)
        dock = (state.dock - (self.docked * unbooked).sum(dim=0)).clamp(min=0.0)
        return replace(state, on_hand=on_hand, dock=dock, in_transit=state.in_transit + arrived), arrived

    def after(self, parameters: TwinParameters, flows: Flows, found: Asked) -> tuple[Self, Asked]:
        """One day later; and what becomes known today of demand, of the day that is booked now.

        Args:
            parameters: of the network.
            flows: of the day.
            found: of the day's demand, [B, M, S] each.
        """
        sold = torch.einsum("rnm,rbms->bns", parameters.option.at_node, flows.served)
        today = (
            flows.unloaded - sold,
            flows.arrived + flows.restocked - flows.unloaded,
            flows.arrived,
            found.units,
            found.square,
        )
        before = (self.shelved, self.docked, self.arrived, self.asked, self.square)
        longer = [torch.cat([new.unsqueeze(0), old]) for new, old in zip(today, before, strict=True)]
        delay = self._market_delays(parameters)
        days = torch.arange(len(longer[3]), device=delay.device)
        booked = (days[:, None] == delay).to(found.units)[:, None, :, None]  # [d + 1, 1, M, 1]
        known = Asked((longer[3] * booked).sum(dim=0), (longer[4] * booked).sum(dim=0))
        return type(self)(*(values[:-1] for values in longer)), known

    def _unbooked(self, parameters: TwinParameters) -> Tensor:
        """[d, 1, N, 1] 1 where a day's bookings of a node are still to come."""
        assert parameters.records is not None
        delay = parameters.records.booking_delay_days
        days = torch.arange(len(self.arrived), device=delay.device)
        return (days[:, None] < delay).to(self.arrived)[:, None, :, None]

    @staticmethod
    def _market_delays(parameters: TwinParameters) -> Tensor:
        """[M] days until a market's sales are told of."""
        assert parameters.records is not None
        return parameters.records.booking_delay_days[parameters.market.direct_share.argmax(dim=0)]
