"""What a live system knows: arrivals by schedule, and sales where demand is not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from entrepot.envs.axes import Record
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


@dataclass(frozen=True)
class LiveKnowledge(Record):
    """What a live system remembers at the start of a day."""

    demand: Knowledge
    schedule: Schedule
    bookings: Bookings | None = None  # None where nothing is booked late


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
        return LiveKnowledge(known, Schedule.opening(state), Bookings.opening(self._parameters, known, state))

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
            found = self.estimate(memory.demand, sales, self.sold_out(state, flows, sales), day)
        bookings = memory.bookings
        if bookings is not None:
            bookings, found = bookings.after(self._parameters, flows, found)
        demand = memory.demand.after(*found)
        schedule = memory.schedule.after(self._parameters, state, flows, day, overwrite=overwrite)
        return LiveKnowledge(demand, schedule, bookings)

    def stock(self, state: State) -> State:
        """What is taken for the stock: that which can be found."""
        return state if state.records is None else replace(state, on_hand=state.findable, records=None)

    def estimate(self, known: Knowledge, sales: Tensor, sold_out: Tensor, day: Day) -> Asked:
        """Demand of a day and its square, [B, M, S] each, of sales and of where customers may have left unserved."""
        return asked(known, sales, sold_out, day.season_ahead)

    def sold_out(self, state: State, flows: Flows, sales: Tensor) -> Tensor:
        """[B, M, S] whether a market's customers had to wait, or nothing was left at any node that can serve it."""
        sent = self._parameters.lane.queues.by_place(entity_first(flows.shipped))
        on_shelves = entity_first(self.stock(state).on_hand) + sent
        left = (self._reach @ on_shelves.flatten(1)).view(-1, *on_shelves.shape[1:]).transpose(0, 1)
        waits = sales - (flows.served.sum(dim=0) - flows.served_backlog)
        return (left < LEAST_UNITS) | (waits > LEAST_UNITS)

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
