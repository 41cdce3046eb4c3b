"""The network to decide for: the module's own or another, and by which names its lanes and SKUs are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from entrepot.agents.inference.checking import Arrays, check_network, most_common, sizes_of
from entrepot.agents.inference.decision import Reason
from entrepot.agents.inference.errors import InputRefused
from entrepot.agents.inference.manifest import FieldSchema, Names
from entrepot.agents.inference.plain import plain_array

LANE_CONTENT = ("lane_origin", "lane_destination", "lane_lead_days")
SKU_CONTENT = ("value_usd", "volume_m3")


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

    @property
    def sizes(self) -> dict[str, int]:
        """N, M, L, S."""
        return sizes_of(self.arrays)

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """By axis, as far as they are known."""
        return {"N": self.nodes, "M": self.markets, "L": self.lanes, "S": self.skus}


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
        return Live(own, lanes, skus, own_lanes, own_lanes and skus == names.skus, nodes, markets)
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
        return Live({}, ("",) * lane_count, ("",) * sku_count, False, False, reasons=tuple(reasons))
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
    return Live(arrays, lanes_named, skus_named, own_lanes, own_lanes and own_skus, nodes, markets)


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
