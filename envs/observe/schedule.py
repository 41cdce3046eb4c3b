"""Goods on their way by the day on which they were to arrive, which is all that is known before they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin import Day, Flows, State, TwinParameters, ring
from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.shipping import arrival_rows


@dataclass(frozen=True)
class Schedule(Record):
    """Of B networks at the start of a day. What comes is the longest overdue: goods hardly ever arrive early.

    Where they do, since a disruption ended before anybody knew, less than nothing is overdue until their day is past.
    """

    expected: Annotated[Tensor, Axes("NHBS", memory="NHBS")]  # units, in a ring by scheduled day
    overdue: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units that were to arrive before today and didn't

    @classmethod
    def opening(cls, state: State) -> Self:
        """What is on the way already is on schedule."""
        return cls(state.pipeline.clone(), torch.zeros_like(state.on_hand))

    def after(
        self, parameters: TwinParameters, state: State, flows: Flows, day: Day, *, overwrite: bool = False
    ) -> Self:
        """One day later.

        Args:
            parameters: of the network.
            state: at the end of the day.
            flows: of the day.
            day: of the scenario; nothing of its delays is looked at.
            overwrite: whether the ring's memory may be taken over.
        """
        place = (state.day - 1) % parameters.pipeline_days
        expected, today = ring.take_out(self.expected, place, overwrite=overwrite)
        overdue = entity_first(self.overdue) + today - entity_first(flows.arrived)
        scheduled = parameters.lane.order_days.index_select(0, day.weekday)
        if day.known_lane_extra_days is not None:
            scheduled = scheduled + day.known_lane_extra_days.round().to(scheduled)
        rows = arrival_rows(parameters, place, scheduled.clamp(1, parameters.pipeline_days - 1), expected.shape)
        return type(self)(ring.put_in(expected, entity_first(flows.shipped), rows), overdue.transpose(0, 1))

    def __getstate__(self) -> dict[str, Any]:
        # By value, as the state's pipeline: days write into it, and two processes would fill one ring.
        ring = self.expected.detach()
        return {**vars(self), "expected": ring.cpu().numpy().copy(), "device": ring.device}

    def __setstate__(self, state: dict[str, Any]) -> None:
        device = state.pop("device")
        vars(self).update({**state, "expected": torch.from_numpy(state["expected"]).to(device)})
