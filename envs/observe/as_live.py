"""What a live system knows: arrivals by schedule, and sales where demand is not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.observe.asked import asked
from entrepot.envs.observe.bookings import Bookings
from entrepot.envs.observe.exact import Exact
from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.observe.model import AS_LIVE, register_observation_model
from entrepot.envs.observe.on_the_way import arriving_days
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.schedule import Schedule
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot.lost_demand import LEAST_UNITS, Asked
from entrepot.envs.twin import Day, Flows, State, TwinParameters
from entrepot.envs.twin.layout import entity_first

LEAST_PICKS = 1.0
"""Units: whose pickers could have done no more than this were too few; whole units may leave less than one free."""


@dataclass(frozen=True)
class LiveKnowledge(Record):
    """What a live system remembers at the start of a day."""

    demand: Knowledge
    schedule: Schedule
    bookings: Bookings | None = None  # None where nothing is booked late
    picking_share: Annotated[Tensor | None, Axes("BN")] = None  # of pickers that work today; None where nothing wears


@register_observation_model(AS_LIVE)
class AsLive:
    """Goods are on schedule until they are overdue, and then due tomorrow; customers who left unserved are not seen.

    What those asked for is estimated (`entrepot.envs.snapshot.lost_demand`). Where nodes book late, arrivals and sales
    are known so much later. Backlog and conditions are seen as `exact` sees them.
    """

    def __init__(self, parameters: TwinParameters, attributes: NetworkAttributes) -> None:
        """Args: the network's parameters; its attributes."""
        self._parameters, self._attributes = parameters, attributes
        self._exact = Exact(parameters, attributes)
        self._reach = parameters.option.at_node.sum(dim=0).t().contiguous()  # [M, N] 1 where the node can serve it
        # Lanes whose `due` is all that is on the way to their node count what is overdue already.
        window = attributes.lane_window_days
        near = (window >= 1) & (window < parameters.pipeline_days - 1)
        self._near = near.to(attributes.demand_mean)[:, None, None]

    def begin(self, state: State) -> LiveKnowledge:
        """Statistics of demand start from the long run; what is on the way is on schedule."""
        known = self._exact.begin(state)
        bookings = Bookings.opening(self._parameters, known, state)
        return LiveKnowledge(known, Schedule.opening(state), bookings, _picking_share(state))

    def for_reader(self, memory: LiveKnowledge, reads: frozenset[Costly]) -> LiveKnowledge:
        """As in `ObservationModel`; where customers may have left unserved, what is kept of days is the estimate."""
        return replace(memory, demand=memory.demand.for_reader(reads))

    def observe(
        self,
        memory: LiveKnowledge,
        state: State,
        day: Day,
        reads: frozenset[Costly] = NOTHING_COSTLY,
        *,
        lent: bool = False,
    ) -> Snapshot:
        """As in `ObservationModel`."""
        recorded = replace(self.stock(state), pipeline=memory.schedule.expected)
        overdue = memory.schedule.overdue.clamp(min=0.0)
        if memory.bookings is not None:
            recorded, arrived = memory.bookings.recorded(self._parameters, recorded)
            overdue = overdue + arrived
        snapshot = self._exact.observe(memory.demand, recorded, day, reads, lent=lent)
        return self._with_overdue(snapshot, overdue)

    def learn(
        self, memory: LiveKnowledge, state: State, flows: Flows, day: Day, *, overwrite: bool = False
    ) -> LiveKnowledge:
        """The day's sales are seen, and where all that could serve a market ran out."""
        # No gradient passes through what is learnt, as none does where demand itself is seen.
        with torch.no_grad():
            sales = flows.demand - flows.lost
            found = self.estimate(memory.demand, sales, self.sold_out(memory, state, flows, day), day)
        bookings = memory.bookings
        if bookings is not None:
            bookings, found = bookings.after(self._parameters, flows, found)
        demand = memory.demand.after(*found)
        schedule = memory.schedule.after(self._parameters, state, flows, day, overwrite=overwrite)
        return LiveKnowledge(demand, schedule, bookings, _picking_share(state))

    def stock(self, state: State) -> State:
        """What is taken for the stock: that which can be found."""
        return state if state.records is None else replace(state, on_hand=state.findable, records=None)

    def estimate(self, known: Knowledge, sales: Tensor, sold_out: Tensor, day: Day) -> Asked:
        """Demand of a day and its square, [B, M, S] each, of sales and of where customers may have left unserved."""
        return asked(known, sales, sold_out, day.season_ahead)

    def sold_out(self, memory: LiveKnowledge, state: State, flows: Flows, day: Day) -> Tensor:
        """[B, M, S] whether a market's customers had to wait, or nothing that could be sold was left at its nodes.

        A node whose pickers could do no more, or that was closed, could sell nothing of what it has; nor could any node
        what isn't recorded, or can't be found.

        Args:
            memory: at the start of the day.
            state: at its end.
            flows: of the day.
            day: of the scenario.
        """
        on_hand = self.stock(state).on_hand
        if state.records is not None:
            on_hand = torch.minimum(on_hand, state.records.recorded)
        sent = self._parameters.lane.queues.by_place(entity_first(flows.shipped))
        could_sell = (entity_first(on_hand) + sent) * self._picks_left(memory, flows, day).unsqueeze(-1)
        left = (self._reach @ could_sell.flatten(1)).view(-1, *could_sell.shape[1:]).transpose(0, 1)
        waits = flows.demand - flows.lost - (flows.served.sum(dim=0) - flows.served_backlog)
        return (left < LEAST_UNITS) | (waits > LEAST_UNITS)

    def _picks_left(self, memory: LiveKnowledge, flows: Flows, day: Day) -> Tensor:
        """[N, B] whether the node's pickers could have done more today."""
        could = day.at_work(self._parameters.node.picking_units_per_day)
        if memory.picking_share is not None:
            could = could * memory.picking_share.t()
        picked = torch.einsum("rnm,rbm->nb", self._parameters.option.at_node, flows.served.sum(dim=-1))
        return picked + LEAST_PICKS <= could

    def _with_overdue(self, snapshot: Snapshot, overdue: Tensor) -> Snapshot:
        """With what is overdue [B, N, S] among what arrives tomorrow."""
        late = entity_first(overdue)
        due = entity_first(snapshot.due) + late.index_select(0, self._attributes.lane_destination) * self._near
        arriving, pipeline = snapshot.arriving_or_none, snapshot.pipeline_or_none
        if arriving is not None:
            by_tomorrow = (arriving_days(arriving) >= 1).to(arriving)
            arriving = arriving + overdue.unsqueeze(-1) * by_tomorrow
        if pipeline is not None:
            tomorrow = (torch.arange(pipeline.shape[-1], device=pipeline.device) == 1).to(pipeline)
            pipeline = pipeline + overdue.unsqueeze(-1) * tomorrow
        return replace(snapshot, due=due.transpose(0, 1), arriving_or_none=arriving, pipeline_or_none=pipeline)


def _picking_share(state: State) -> Tensor | None:
    """[B, N] of the pickers that work on the day that begins."""
    return None if state.equipment is None else state.equipment.picking_share.t()
