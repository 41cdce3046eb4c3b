"""Everything is recorded as it is, at once: the default, and what live systems come near to."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.observe.model import EXACT, register_observation_model
from entrepot.envs.observe.on_the_way import arriving_in_ring, due_in_ring
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.twin import Day, Flows, State, TwinParameters


@register_observation_model(EXACT)
class Exact:
    """Stock, goods on the way, backlog and conditions are seen as they are, and demand is seen whether met or not."""

    def __init__(self, parameters: TwinParameters, attributes: NetworkAttributes) -> None:
        """Args: the network's parameters; its attributes."""
        self._attributes = attributes
        self._lane_wait = parameters.lane.wait
        self._storage_price = parameters.node.storage_usd_by_month

    def begin(self, state: State) -> Knowledge:
        """Statistics of demand start from the long run."""
        return Knowledge.opening(self._attributes.demand_mean.to(state.on_hand), episodes=state.episodes)

    def for_reader(self, memory: Knowledge, reads: frozenset[Costly]) -> Knowledge:
        """As in `ObservationModel`."""
        return memory.for_reader(reads)

    def observe(
        self,
        memory: Knowledge,
        state: State,
        day: Day,
        reads: frozenset[Costly] = NOTHING_COSTLY,
        *,
        lent: bool = False,
    ) -> Snapshot:
        """As in `ObservationModel`."""
        # Copies: whoever holds the snapshot could otherwise change the state, or reach the days ahead that a day of a
        # scenario shares its memory with.
        own = _itself if lent else torch.clone
        return Snapshot(
            on_hand=own(state.findable),
            dock=own(state.dock),
            in_transit=own(state.in_transit),
            due=due_in_ring(self._attributes, state),
            backlog=own(state.backlog),
            demand_fast=own(memory.demand_fast),
            demand_slow=own(memory.demand_slow),
            demand_quarter=own(memory.demand_quarter),
            demand_square=own(memory.demand_square),
            season_ahead=own(day.season_ahead),
            day_of_year=own(day.day_of_year),
            weekday=own(day.weekday),
            lane_wait_days=self._lane_wait.index_select(0, day.weekday)
            if day.known_lane_wait_days is None
            else own(day.known_lane_wait_days),
            lane_open=own(day.lane_open if day.known_lane_open is None else day.known_lane_open),
            equipment=_at_work(state, day, own),
            storage_price=self._storage_price.index_select(0, day.month),
            arriving_or_none=arriving_in_ring(state) if Costly.ARRIVING in reads else None,
            pipeline_or_none=_by_days(state) if Costly.PIPELINE in reads else None,
            weeks_or_none=memory.weeks() if Costly.WEEKS in reads else None,
            unit_age_hours=None if state.equipment is None else own(state.equipment.age_hours),
            unit_down_hours=None if state.equipment is None else own(state.equipment.down_hours),
            lane_extra_days=None if day.known_lane_extra_days is None else own(day.known_lane_extra_days),
            lane_shuts_in_days=None if day.lane_shuts_in_days is None else own(day.lane_shuts_in_days),
            lane_reopens_in_days=None if day.lane_reopens_in_days is None else own(day.lane_reopens_in_days),
        )

    def learn(self, memory: Knowledge, state: State, flows: Flows, day: Day, *, overwrite: bool = False) -> Knowledge:
        """The day's demand is seen, also what was lost of it."""
        return memory.after(flows.demand)


def _itself(value: Tensor) -> Tensor:
    return value


def _at_work(state: State, day: Day, own: Callable[[Tensor], Tensor]) -> Tensor:
    """[B, N] share of throughput: of docks or picking, whichever is less."""
    known = day.equipment if day.known_equipment is None else day.known_equipment
    if state.equipment is None:
        return own(known)
    return known * torch.minimum(state.equipment.dock_share, state.equipment.picking_share).t()


def _by_days(state: State) -> Tensor:
    """[B, N, S, H] units by days to arrival; rolled, and so a copy."""
    return state.pipeline_by_days()
