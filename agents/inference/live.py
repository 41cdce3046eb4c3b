"""The network to decide for: the module's own or another, and by which names its lanes and SKUs are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from entrepot.agents.inference.checking import Arrays, check_network, most_common, same_network, sizes_of
from entrepot.agents.inference.decision import Reason
from entrepot.agents.inference.errors import InputRefused
from entrepot.agents.inference.manifest import FieldSchema, Names
from entrepot.agents.inference.plain import plain_array

LANE_CONTENT = ("lane_origin", "lane_destination", "lane_lead_days")
SKU_CONTENT = ("value_usd", "volume_m3")
Told = tuple[tuple[str, ...] | None, ...]


@dataclass(frozen=True)
class Live:
    """A network, checked; without arrays if it can't be used."""

    arrays: Arrays
    lanes: tuple[str, ...]  # [L] names, empty where they aren't known
    skus: tuple[str, ...]  # [S] the same
    own_lanes: bool  # whether they are the module's own lanes and suppliers
    own: bool  # whether its SKUs are the module's own too
    nodes: tuple[str, ...] = ()  # [N] names; none where they aren't known
    markets: tuple[str, ...] = ()  # [M] the same
    reasons: tuple[Reason, ...] = ()  # why it can't be used
    units: tuple[str, ...] | None = None  # [U] names, empty where they aren't known; None: maintenance isn't decided

    @cached_property
    def sizes(self) -> dict[str, int]:
        """N, M, L, S; U where maintenance is decided."""
        return sizes_of(self.arrays)

    @cached_property
    def least_days(self) -> int:
        """That a pipeline must have: as many as the slowest lane takes."""
        return int(np.ceil(self.arrays["lane_lead_days"].max(initial=1.0)))

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """By axis, as far as they are known."""
        return {"N": self.nodes, "M": self.markets, "L": self.lanes, "S": self.skus, "U": self.units or ()}


class Networks:
    """Networks as they are given, checked.

    The one that was checked last is kept, so that the same network again is compared and not checked anew: it costs a
    tenth. It decides nothing, as it is used for its equal alone; threads may share it.
    """

    def __init__(self, own: Arrays, names: Names, schema: Mapping[str, FieldSchema]) -> None:
        """Args: the module's own arrays, checked, their names, and the schema of all."""
        self._own, self._names, self._schema = own, names, schema
        self._last: tuple[Told, Live] | None = None

    def live(self, network: Mapping[str, Any] | None, *given: Sequence[str] | None) -> Live:
        """Check a network and find its names; see `live_network`, whose names are given in its order.

        Raises:
            InputRefused: as there.
        """
        told = _kept(given)
        last = self._last
        if last is not None and last[0] == told and self._same(network, last[1].arrays):
            return last[1]
        live = live_network(self._own, self._names, self._schema, network, *given)
        if told is not None and not live.reasons:
            self._last = told, live
        return live

    def _same(self, network: Mapping[str, Any] | None, known: Arrays) -> bool:
        if network is None:
            return known is self._own
        if known is self._own or not isinstance(network, Mapping):
            return False
        return same_network(network, known, self._schema)


def live_network(
    own: Arrays,
    names: Names,
    schema: Mapping[str, FieldSchema],
    network: Mapping[str, Any] | None,
    lane_names: Sequence[str] | None,
    sku_names: Sequence[str] | None,
    node_names: Sequence[str] | None = None,
    market_names: Sequence[str] | None = None,
) -> Live:
    """Check a network and find its names.

    Names that aren't given are the module's own where lanes or SKUs are, by their content, the module's own too. To
    take them by position alone would give one lane another's cover.

    Raises:
        InputRefused: the network is no mapping, or a list of names doesn't fit it.
    """
    if network is None:
        lanes, skus = _names("lane_names", lane_names, names.lanes), _names("sku_names", sku_names, names.skus)
        nodes, markets = (
            _names("node_names", node_names, names.nodes),
            _names("market_names", market_names, names.markets),
        )
        own_lanes = lanes == names.lanes
        own_skus = own_lanes and skus == names.skus
        return Live(own, lanes, skus, own_lanes, own_skus, nodes, markets, units=_units(own, own, names))
    if not isinstance(network, Mapping):
        raise InputRefused(
            f"network: {type(network).__name__}; arrays by name are required, or None for the module's own"
        )
    arrays, reasons = check_network(network, schema)
    if reasons:
        lane_count, sku_count = (
            _size(network, schema, "L", len(names.lanes)),
            _size(network, schema, "S", len(names.skus)),
        )
        unit_count = _size(network, schema, "U", len(names.units))
        units = ("",) * unit_count if "unit_node" in schema else None
        return Live({}, ("",) * lane_count, ("",) * sku_count, False, False, reasons=tuple(reasons), units=units)
    own_lanes = all(np.array_equal(arrays[name], own[name]) for name in LANE_CONTENT)
    own_skus = all(np.array_equal(arrays[name], own[name]) for name in SKU_CONTENT)
    sizes = sizes_of(arrays)
    lanes_named = _names("lane_names", lane_names, names.lanes if own_lanes else ("",) * sizes["L"])
    skus_named = _names("sku_names", sku_names, names.skus if own_skus else ("",) * sizes["S"])
    own_lanes &= lanes_named == names.lanes
    own_nodes = own_lanes and np.array_equal(arrays["echelon_share"], own["echelon_share"])
    nodes = _names("node_names", node_names, names.nodes if own_nodes else ("",) * sizes["N"])
    markets = _names("market_names", market_names, names.markets if own_nodes else ("",) * sizes["M"])
    own_skus &= skus_named == names.skus
    units = _units(arrays, own, names)
    return Live(arrays, lanes_named, skus_named, own_lanes, own_lanes and own_skus, nodes, markets, units=units)


def _units(arrays: Arrays, own: Arrays, names: Names) -> tuple[str, ...] | None:
    """Names of units: the module's own where they are, by content, its own; None where it decides no maintenance."""
    if "unit_node" not in own:
        return None
    same = all(np.array_equal(arrays[name], own[name]) for name in own if name.startswith("unit_"))
    return names.units if same else ("",) * len(arrays["unit_node"])


def _kept(given: Sequence[Sequence[str] | None]) -> Told | None:
    """Names as they can be compared later, whatever becomes of the lists; None if they are no lists."""
    if not all(names is None or isinstance(names, list | tuple) for names in given):
        return None
    return tuple(None if names is None else tuple(names) for names in given)


def _size(network: Mapping[str, Any], schema: Mapping[str, FieldSchema], axis: str, otherwise: int) -> int:
    """What most of a network's arrays have, though it can't be used."""
    found = {
        name: values for name in schema if name in network and (values := plain_array(network[name])[0]) is not None
    }
    return most_common(found, schema, axis, default=otherwise)


def _names(argument: str, given: Sequence[str] | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    if given is None:
        return otherwise
    try:
        names = tuple(given)
    except TypeError:
        names = ()
    if isinstance(given, str) or not all(isinstance(name, str) for name in names):
        raise InputRefused(f"{argument}: {type(given).__name__}; a list of names is required")
    if len(names) != len(otherwise):
        raise InputRefused(f"{argument}: {len(names)} names for {len(otherwise)}; one for each is required")
    known = [name for name in names if name]
    if len(set(known)) != len(known):
        raise InputRefused(f"{argument}: a name stands twice; each must be its own")
    return names
