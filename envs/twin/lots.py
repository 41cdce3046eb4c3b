"""Lots: the units of a SKU at a place that expire on the same day.

They stand in the order of expiry, [C, …]: of the day that begins, lot 0 expired yesterday, lot 1 expires today and can
still be sold, and so on. SKUs that don't perish end up in lot 0 and stay there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.parameters import TwinParameters


@dataclass(frozen=True)
class LotState(Record):
    """Lots of B networks at the start of a day."""

    on_hand: Annotated[Tensor, Axes("CNBS", memory="CNBS")]
    dock: Annotated[Tensor, Axes("CNBS", memory="CNBS")]
    pipeline: Annotated[Tensor, Axes("pHBS", memory="pHBS")]  # p = C·N, lots by the day of expiry modulo C

    @classmethod
    def fresh(cls, parameters: TwinParameters, on_hand: Tensor, dock: Tensor | None = None) -> Self:
        """With [N, B, S] units on hand and on the dock that were produced just now, and nothing on the way."""
        shelf = parameters.shelf_life
        assert shelf is not None
        lot = torch.arange(shelf.lots, device=on_hand.device)
        new = (lot[:, None] == shelf.shelf_life_days + 1).to(on_hand)[:, None, None]
        nodes, episodes, skus = on_hand.shape
        pipeline = on_hand.new_zeros(shelf.lots * nodes, parameters.pipeline_days, episodes, skus)
        return cls(new * on_hand, new * (torch.zeros_like(on_hand) if dock is None else dock), pipeline)

    def __getstate__(self) -> dict[str, Any]:
        # By value, for the same reason as the state's own pipeline.
        lots = self.pipeline.detach()
        return {**vars(self), "pipeline": lots.cpu().numpy().copy(), "device": lots.device}

    def __setstate__(self, state: dict[str, Any]) -> None:
        device = state.pop("device")
        vars(self).update({**state, "pipeline": torch.from_numpy(state["pipeline"]).to(device)})


def oldest(lots: Tensor, units: Tensor) -> Tensor:
    """[C, N, B, S] of lots, the [N, B, S] units that expire first; nothing where `units` is less than nothing."""
    return between(running(lots), torch.zeros_like(units), units)


def newest(lots: Tensor, units: Tensor) -> Tensor:
    """[C, N, B, S] of lots, what is left once the [N, B, S] that expire first are gone; never less than nothing."""
    # Differences of fractions can be a little less than nothing.
    return (lots - oldest(lots, units)).clamp(min=0.0)


def running(lots: Tensor) -> Tensor:
    """[C + 1, ...] units in all lots before each, and in all."""
    return torch.cat([torch.zeros_like(lots[:1]), lots.cumsum(dim=0)])


def between(running: Tensor, begin: Tensor, end: Tensor) -> Tensor:
    """[C, ...] of each lot, what stands from the `begin`th unit to the `end`th in the line of all.

    Differences of a running sum, so that empty lots, of which most are, add nothing to a gradient: a minimum with each
    lot alone would have a kink at every one of them.
    """
    reached = torch.minimum(torch.maximum(running, begin), end)
    return reached[1:] - reached[:-1]


def tomorrow(lots: Tensor) -> Tensor:
    """The same lots in the order of the next day; what perishes and stands in the first was scrapped today."""
    return torch.cat([lots[:1] + lots[1:2], lots[2:], torch.zeros_like(lots[:1])])
