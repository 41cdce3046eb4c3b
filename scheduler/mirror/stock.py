"""Stock: the latest count, and the movements after it.

Movements up to the latest count's time are in it, so they are forgotten: a later count can only be later still. What is
kept of the others is when and how much, as a late count of a time between them may leave some of them out.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from entrepot.scheduler.mirror.ranks import Rank
from entrepot.scheduler.places import Places

BUCKETS = ("on_hand", "dock", "inspection", "refurbish", "quarantine")
NEVER = -(2**62)


class CellDump(msgspec.Struct, array_like=True, frozen=True):
    """A cell as it is kept."""

    cell: tuple[int, int, int]
    counted: int
    rank: tuple[int, int, bytes]
    times: bytes  # 64-bit integers, little-endian, in order
    units: bytes


class Cell:
    """Millionths of units of a SKU in a bucket of a node."""

    __slots__ = ("balance", "counted", "rank", "sorted", "times", "units")

    def __init__(self) -> None:
        self.balance = 0
        self.counted = 0
        self.rank = Rank(NEVER, 0, b"")  # time and revision of the count
        self.times = array("q")
        self.units = array("q")
        self.sorted = 0  # so many of the first movements are in order

    @property
    def is_counted(self) -> bool:
        """Whether it was ever counted."""
        return self.rank.first != NEVER

    def move(self, time: int, units: int) -> bool:
        """Add units; False where the time is before the latest count, which has them in it."""
        if time <= self.rank.first:
            return False
        self.times.append(time)
        self.units.append(units)
        self.balance += units
        return True

    def forget(self, horizon: int) -> None:
        """Add up what moved until a time, of which nothing more is taken; the balance stays what it is."""
        if not self.times or min(self.times) > horizon:
            return
        kept = [(time, moved) for time, moved in zip(self.times, self.units, strict=True) if time > horizon]
        gone = sum(self.units) - sum(moved for _, moved in kept)
        if self.is_counted:
            self.counted += gone
        elif gone:
            kept.append((horizon, gone))
        self._hold(kept)

    def sort(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Times and units of the movements in order, of time and then of units; views, so drop them soon.

        Movements come nearly in order, so that only what is new, and what it may belong before, is sorted.
        """
        times, units = _viewed(self.times), _viewed(self.units)
        if self.sorted < len(times):
            first = int(np.searchsorted(times[: self.sorted], times[self.sorted :].min()))
            order = first + np.lexsort((units[first:], times[first:]))
            times[first:], units[first:] = times[order], units[order]
            self.sorted = len(times)
        return times, units

    def _hold(self, movements: list[tuple[int, int]]) -> None:
        self.times = array("q", (time for time, _ in movements))
        self.units = array("q", (moved for _, moved in movements))
        self.sorted = 0

    def count(self, rank: Rank, units: int) -> None:
        """Set from a time on."""
        if rank <= self.rank:
            return
        after = [(time, moved) for time, moved in zip(self.times, self.units, strict=True) if time > rank.first]
        self._hold(after)
        self.counted, self.rank = units, rank
        self.balance = units + sum(self.units)


class Held(NamedTuple):
    """What one cell holds."""

    bucket: int
    node: int
    sku: int
    units: int  # millionths


class Stock:
    """All cells, by bucket, node and SKU."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int, int], Cell] = {}
        self.late = 0  # movements that came after a count that has them in it; of this process, not of the mirror

    def move(self, bucket: str, node: int, sku: int, time: int, units: int) -> None:
        """Add millionths of units."""
        if not self._cell(bucket, node, sku).move(time, units):
            self.late += 1

    def count(self, bucket: str, node: int, sku: int, rank: Rank, units: int) -> None:
        """Set to millionths of units, from a time on."""
        self._cell(bucket, node, sku).count(rank, units)

    def forget(self, horizon: int) -> None:
        """As `Cell.forget`, of all."""
        for cell in self.cells.values():
            cell.forget(horizon)

    def balance(self, bucket: str, node: int, sku: int) -> int:
        """Millionths of units; 0 where nothing was told."""
        cell = self.cells.get((BUCKETS.index(bucket), node, sku))
        return 0 if cell is None else cell.balance

    def units(self, bucket: str, places: Places) -> NDArray[np.int64]:
        """[N, S] millionths of units in a bucket; 0 where nothing was told."""
        wanted = BUCKETS.index(bucket)
        found = np.zeros((len(places.names.nodes), len(places.names.skus)), np.int64)
        for (which, node, sku), cell in self.cells.items():
            if which == wanted:
                found[node, sku] = cell.balance
        return found

    def held(self) -> Iterator[Held]:
        """Every cell that holds something, or less than nothing."""
        return (Held(*place, cell.balance) for place, cell in sorted(self.cells.items()) if cell.balance)

    def counted_nodes(self) -> set[int]:
        """Nodes of which anything was ever counted; of the others nothing is known."""
        return {node for (bucket, node, _), cell in self.cells.items() if bucket == 0 and cell.is_counted}

    def dump(self) -> list[CellDump]:
        """In an order that doesn't depend on that of the events."""
        found = []
        for place, cell in sorted(self.cells.items()):
            if len(cell.times) or cell.is_counted:
                times, units = (_as_kept(values) for values in cell.sort())
                found.append(
                    CellDump(place, cell.counted, (cell.rank.first, cell.rank.second, cell.rank.digest), times, units)
                )
        return found

    @classmethod
    def restored(cls, cells: list[CellDump]) -> Stock:
        """From what `dump` gave."""
        found = cls()
        for kept in cells:
            cell = found.cells[kept.cell] = Cell()
            cell.counted, cell.rank = kept.counted, Rank(*kept.rank)
            for values, held in ((cell.times, kept.times), (cell.units, kept.units)):
                values.frombytes(held)
                if sys.byteorder == "big":
                    values.byteswap()
            cell.balance = kept.counted + int(_viewed(cell.units).sum())
            cell.sorted = len(cell.times)
        return found

    def _cell(self, bucket: str, node: int, sku: int) -> Cell:
        place = (BUCKETS.index(bucket), node, sku)
        cell = self.cells.get(place)
        if cell is None:
            cell = self.cells[place] = Cell()
        return cell


def _viewed(values: array[int]) -> NDArray[np.int64]:
    return np.frombuffer(values, np.int64) if len(values) else np.zeros(0, np.int64)


def _as_kept(values: NDArray[np.int64]) -> bytes:
    """In the byte order in which mirrors are kept."""
    return values.astype("<i8", copy=False).tobytes()
