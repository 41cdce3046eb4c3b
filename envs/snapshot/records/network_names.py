"""Names in records as places in a network's arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network import NetworkArrays, NetworkDescription
from entrepot.envs.network.description import Mode
from entrepot.envs.snapshot.records.table import Row


class UnknownNameError(Exception):
    """A row names something that the network doesn't have; the message says what."""


@dataclass(frozen=True)
class NetworkNames:
    """A network whose parts are found by name."""

    arrays: NetworkArrays
    nodes: dict[str, int]
    markets: dict[str, int]
    skus: dict[str, int]
    lanes: dict[str, int]
    lanes_by_ends: dict[tuple[str, str], list[int]]
    modes: dict[str, int]
    production_days: NDArray[np.int64]  # [L] of a lane's transit, spent before it departs

    @classmethod
    def of(cls, network: NetworkDescription) -> Self:
        """Of a description."""
        arrays = NetworkArrays.from_description(network)
        ends: dict[tuple[str, str], list[int]] = {}
        for place, lane in enumerate(network.lanes):
            ends.setdefault((lane.origin, lane.destination), []).append(place)
        made_in = {name: supplier.production_days for name, supplier in network.suppliers.items()}
        return cls(
            arrays=arrays,
            nodes=_places(arrays.nodes),
            markets=_places(arrays.markets),
            skus=_places(arrays.skus),
            lanes=_places(arrays.lanes) | _places(name.replace("→", "->") for name in arrays.lanes),
            lanes_by_ends=ends,
            modes=_places(mode.value for mode in Mode),
            production_days=np.array([made_in.get(lane.origin, 0) for lane in network.lanes], np.int64),
        )

    def node(self, row: Row, column: str = "node") -> int:
        """The node that a row names."""
        return _found(row, column, self.nodes)

    def market(self, row: Row) -> int:
        """The market that a row names."""
        return _found(row, "market", self.markets)

    def sku(self, row: Row) -> int:
        """The SKU that a row names."""
        return _found(row, "sku", self.skus)

    def lane(self, row: Row) -> int | None:
        """The lane that a row names, by its name, or by origin, destination and, if several go there, mode.

        None where the row names a destination only.

        Raises:
            UnknownNameError: there is no such lane, or more than one.
        """
        if row.get("lane") is not None:
            return _found(row, "lane", self.lanes)
        self.node(row, "destination")
        if row.get("origin") is None:
            return None
        ends = (_text(row, "origin"), _text(row, "destination"))
        places = self.lanes_by_ends.get(ends, [])
        if row.get("mode") is not None:
            mode = _found(row, "mode", self.modes)
            places = [place for place in places if self.arrays.lane.mode[place] == mode]
        if not places:
            raise UnknownNameError(f"no lane leads from {ends[0]!r} to {ends[1]!r} by {row.get('mode') or 'any mode'}")
        if len(places) > 1:
            names = ", ".join(self.arrays.lanes[place] for place in places)
            raise UnknownNameError(
                f"several lanes lead from {ends[0]!r} to {ends[1]!r}: {names}; a column mode tells which"
            )
        return places[0]


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    whole = isinstance(value, float) and value.is_integer()  # a workbook keeps 1001 as 1001.0
    return str(int(value) if whole else "" if value is None else value).strip()


def _found(row: Row, column: str, places: dict[str, int]) -> int:
    name = row.values.get(column)
    if not isinstance(name, str) or name not in places:
        name = _text(row, column)
    if name not in places:
        near = get_close_matches(name, places, n=1)
        hint = f", did you mean {near[0]!r}?" if near else ""
        raise UnknownNameError(f"{column} {name!r} is not in the network{hint}")
    return places[name]
