"""Numbers of agents' actions, laid end to end: of each agent its lanes × SKUs, then its units of equipment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class ActionLayout:
    """Where each cell and unit stands among the numbers of all agents."""

    parts: tuple[slice, ...]  # of each agent
    lanes: Indices  # [L] lanes agent by agent; every lane is one agent's
    back: Indices  # [L] where each lane stands among these
    units: Indices  # [U] units agent by agent; none where nobody decides maintenance
    skus: int
    cell_places: Indices  # [L · S] where the cells of `lanes` stand
    unit_places: Indices  # [U] where `units` stand

    @classmethod
    def of(cls, lanes: Sequence[Indices], units: Sequence[Indices], skus: int) -> Self:
        """Of agents that own lanes and units, by index."""
        sizes = [part for own, fleet in zip(lanes, units, strict=True) for part in (len(own) * skus, len(fleet))]
        ends = np.cumsum([0, *sizes]).tolist()
        places = [np.arange(*ends_of) for ends_of in pairwise(ends)]
        return cls(
            parts=tuple(slice(first, last) for first, last in zip(ends[:-1:2], ends[2::2], strict=True)),
            lanes=np.concatenate(lanes),
            back=np.argsort(np.concatenate(lanes)),
            units=np.concatenate(units).astype(np.int64),
            skus=skus,
            cell_places=np.concatenate(places[::2]),
            unit_places=np.concatenate(places[1::2]).astype(np.int64),
        )

    @property
    def size(self) -> int:
        """Numbers of all agents."""
        return len(self.cell_places) + len(self.unit_places)

    def split(self, numbers: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """[L, S] and [U] in the network's order, of all agents' numbers."""
        if not len(self.units):
            return numbers.reshape(-1, self.skus).take(self.back, axis=0), numbers[:0]
        cells = numbers[self.cell_places].reshape(-1, self.skus).take(self.back, axis=0)
        units = np.empty(len(self.units), np.float32)
        units[self.units] = numbers[self.unit_places]
        return cells, units

    def joined(self, cells: NDArray[Any], units: NDArray[Any]) -> NDArray[Any]:
        """All agents' numbers, of the cells agent by agent, flat, and [U] units in the network's order."""
        if not len(self.units):
            return cells
        numbers = np.empty(self.size, cells.dtype)
        numbers[self.cell_places] = cells
        numbers[self.unit_places] = units[self.units]
        return numbers
