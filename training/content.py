"""What is kept and used again is compared by content: digests of networks and demand, whatever their files are called.

Single-precision figures are sums of whole units and the same on every machine; double-precision ones are derived, and
two machines may differ in their last digits, so that they count to `DIGITS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from entrepot.configs.decoding import read_text
from entrepot.envs.observe.model import EXACT
from entrepot.envs.world import World

DIGITS = 7
HEXADECIMALS = 16
SHELF_LIVES = frozenset({"shelf_life_days", "perishable_share"})
"""What a catalogue says of them."""
ABOUT = frozenset({"summary", "report", "remarks", "joined"})
"""Fields of a demand model that are words about it, paths among them."""


def content_of(world: World) -> dict[str, str]:
    """A digest of each part of a network and of its demand, by `network.PART` and `demand.PART`."""
    # What is inside warehouses counts only where the twin takes it up.
    inside = world.description.inside
    aside = set() if inside is not None and inside.changes_the_twin else {"inside"}
    if world.description.records is None:  # as it was before there were any
        aside.add("records")
    network = world.description.model_dump(mode="json", exclude=aside)
    if network["catalogue"] is not None and network["catalogue"]["shelf_life_days"] is None:  # the same
        network["catalogue"] = {k: v for k, v in network["catalogue"].items() if k not in SHELF_LIVES}
    if inside is not None and inside.changes_the_twin:
        network["inside"] = _with_positions(network["inside"])
    parts = {f"network.{name}": value for name, value in network.items()}
    parts |= {f"demand.{name}": value for name, value in _parts(world.demand).items()}
    parts["demand"] = type(world.demand).__name__
    parts["network.skus_in_order"] = list(world.network.skus)
    if world.observation != EXACT:
        parts["observation"] = world.observation
    if world.network.disruption is not None:
        parts["disruption"] = world.network.disruption.described.content()
    return {name: digest(value) for name, value in sorted(parts.items())}


def _with_positions(inside: dict[str, Any]) -> dict[str, Any]:
    """The same, with what files of positions hold in place of their paths."""
    for warehouse in inside["warehouses"].values():
        if warehouse["layout"]["positions"] is not None:
            warehouse["layout"]["positions"] = read_text(Path(warehouse["layout"]["positions"]))
    return inside


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of the parts that aren't the same."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def digest(value: Any) -> str:
    """A digest of plain values, arrays, records and models, by what is in them."""
    found = hashlib.sha256()
    _add(found, value)
    return found.hexdigest()[:HEXADECIMALS]


def _parts(value: Any) -> dict[str, Any]:
    names = [field.name for field in fields(value)] if is_dataclass(value) else sorted(vars(value))
    return {name: getattr(value, name) for name in names if name not in ABOUT}


def _add(found: Any, value: Any) -> None:
    """Each value by its kind, its size and its content, so that no two values run into each other."""
    if isinstance(value, np.ndarray | np.generic):
        _add_array(found, np.asarray(value))
    elif isinstance(value, BaseModel):
        _add(found, value.model_dump(mode="json"))
    elif isinstance(value, Mapping):
        found.update(f"mapping {len(value)}".encode())
        for key in sorted(value, key=str):
            _add(found, str(key))
            _add(found, value[key])
    elif isinstance(value, str | int | float | bool | None):
        found.update(f"{type(value).__name__} {json.dumps(value)};".encode())
    elif isinstance(value, Sequence):
        found.update(f"sequence {len(value)}".encode())
        for part in value:
            _add(found, part)
    elif is_dataclass(value) or hasattr(value, "__dict__"):
        found.update(type(value).__name__.encode())
        _add(found, _parts(value))
    else:
        found.update(f"{type(value).__name__} {value!s};".encode())


def _add_array(found: Any, array: Any) -> None:
    if array.dtype == np.float64:
        known = np.isfinite(array) & (array != 0)
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.where(known, np.abs(array), 1.0))))
        array = np.where(known, np.round(np.where(known, array, 1.0) * scale) / scale, array)
    found.update(f"array {array.dtype} {array.shape};".encode())
    found.update(np.ascontiguousarray(array).tobytes())
