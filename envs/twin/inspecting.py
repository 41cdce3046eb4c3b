"""Returned goods wait to be inspected, and are then restocked, refurbished or scrapped.

Inspection and refurbishing take a node's own whole days; what is refurbished is as good as what is restocked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.scenario import Day


@dataclass(frozen=True)
class InspectionState(Record):
    """What was sent back and is not back in stock yet, by days from tomorrow until it is done with."""

    waiting: Annotated[Tensor, Axes("iNBS", memory="iNBS")]  # units to be inspected
    on_bench: Annotated[Tensor, Axes("jNBS", memory="jNBS")]  # units that are refurbished

    @classmethod
    def empty(cls, parameters: TwinParameters, *, episodes: int) -> Self | None:
        """Nothing anywhere; None where nothing waits."""
        inspection = parameters.inspection
        if inspection is None:
            return None
        like = inspection.refurbish_share
        shape = parameters.nodes, episodes, parameters.skus
        waiting = like.new_zeros(len(inspection.inspected_in) - 1, *shape)
        return cls(waiting, like.new_zeros(len(inspection.mended_in) - 1, *shape))


class Inspected(NamedTuple):
    """What came of returned goods today, [N, B, S] units each."""

    state: InspectionState
    restocked: Tensor  # those refurbished among them
    scrapped: Tensor
    refurbished_usd: Tensor  # [N, B]


def inspect(
    parameters: TwinParameters, state: InspectionState, day: Day, back: Tensor, *, whole_units: bool
) -> Inspected:
    """Inspect what is due, and finish what is on the bench.

    Args:
        parameters: of the network.
        state: at the start of the day.
        day: of the scenario.
        back: [N, B, S] units that came back today.
        whole_units: whether to keep whole units.
    """
    inspection, sound = parameters.inspection, parameters.node.restock_share
    assert inspection is not None
    none = torch.zeros_like(back).unsqueeze(0)
    waiting = torch.cat([state.waiting, none]) + inspection.inspected_in * back
    due = waiting[0]
    usable = sound + inspection.refurbish_share
    at_once, good = due * sound, due * usable
    if whole_units:
        # The same number for both, so that each has its share in the mean and neither exceeds what is due.
        at_once = torch.minimum((at_once + day.second_rounding).floor_(), due)
        good = torch.minimum((good + day.second_rounding).floor_(), due)
    mended = good - at_once
    bench = torch.cat([state.on_bench, none]) + inspection.mended_in * mended
    return Inspected(
        state=InspectionState(waiting[1:], bench[1:]),
        restocked=at_once + bench[0],
        scrapped=due - good,
        refurbished_usd=mended.sum(dim=-1) * inspection.refurbish_usd_per_unit,
    )
