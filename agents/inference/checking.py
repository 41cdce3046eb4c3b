"""Whether arrays are what their schema says: there, of the right type and shape, finite, within their range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Reason, Rows
from entrepot.agents.inference.manifest import FieldSchema

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Checked:
    """A snapshot made safe to calculate with, and what was wrong with it."""

    arrays: Arrays  # every field, in its shape; 0 wherever the value can't be used
    usable: dict[str, NDArray[np.bool_]]  # by field, only where not all of it can be used
    rows: Rows

    def usable_or_all(self, name: str) -> NDArray[np.bool_]:
        """Which values of a field can be used, in the field's shape."""
        found = self.usable.get(name)
        return np.ones(self.arrays[name].shape, np.bool_) if found is None else found


def check_snapshot(snapshot: Mapping[str, Any], schema: Mapping[str, FieldSchema], sizes: Mapping[str, int]) -> Checked:
    """Check every field; rows with anything wrong in them are sent to the fallback, each with its reasons.

    Fields that the schema doesn't know are left alone: a newer sender may say more.

    Args:
        snapshot: arrays by name.
        schema: of the module's snapshot inputs.
        sizes: N, M, L, S and W, from the network and the module. B and H are taken from the snapshot.
    """
    found = {name: np.asarray(snapshot[name]) for name in schema if name in snapshot}
    free = {axis: _most_common(found, schema, axis) for axis in ("B", "H")}
    sizes = {**free, **sizes}
    rows = Rows(sizes["B"])
    arrays: Arrays = {}
    usable: dict[str, NDArray[np.bool_]] = {}
    for name, field in schema.items():
        shape = tuple(sizes[axis] for axis in field.axes)
        problem = form_problem(found.get(name), field, shape)
        if problem:
            rows.fall(slice(None), Reason("schema", name, problem))
            arrays[name], usable[name] = np.zeros(shape, field.kind), np.zeros(shape, np.bool_)
            continue
        values = found[name]
        if _all_within(values, field):
            arrays[name] = values
            continue
        good = np.isfinite(values) & (values >= field.minimum) & (values <= field.maximum)
        arrays[name], usable[name] = np.where(good, values, 0), good
        for row in np.flatnonzero(~good.reshape(len(good), -1).all(axis=1)):
            rows.fall(np.array([row]), Reason("values", name, value_problem(values[row], good[row], field)))
    return Checked(arrays, usable, rows)


def check_network(network: Mapping[str, Any], schema: Mapping[str, FieldSchema]) -> tuple[Arrays, list[Reason]]:
    """A network's attributes as the graph takes them, and everything that is wrong with them."""
    found = {name: np.asarray(network[name]) for name in schema if name in network}
    sizes = {axis: _most_common(found, schema, axis) for axis in ("N", "M", "L", "S", "J")}
    reasons = [
        Reason(*problem)
        for name, field in schema.items()
        for problem in _network_problems(name, found.get(name), field, sizes)
    ]
    if reasons:
        return {}, reasons
    return {name: np.asarray(found[name], field.kind, order="C") for name, field in schema.items()}, []


def sizes_of(network: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """N, M, L, S of a network that has been checked."""
    nodes, markets, skus = network["echelon_share"].shape
    return {"N": nodes, "M": markets, "L": len(network["lane_origin"]), "S": skus}


def form_problem(values: NDArray[Any] | None, field: FieldSchema, shape: tuple[int, ...]) -> str:
    """What is wrong with an array's presence, type or shape; empty if nothing is."""
    if values is None:
        return f"missing; [{', '.join(field.axes)}] {field.unit} is required"
    allowed = "iu" if field.kind == "int64" else "fiub"
    if values.dtype.kind not in allowed:
        return f"is of type {values.dtype}; {'integers' if field.kind == 'int64' else 'real numbers'} are required"
    if values.shape != shape:
        return f"has shape {list(values.shape)}; [{', '.join(field.axes)}] = {list(shape)} is required"
    return ""


def value_problem(values: NDArray[Any], good: NDArray[np.bool_], field: FieldSchema) -> str:
    """Which value is bad, how many are, and what is allowed."""
    bad = np.argwhere(~good)
    place = tuple(int(index) for index in bad[0])
    where = f" at {list(place)}" if place else ""
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    allowed = f"{field.minimum:g} to {field.maximum:g} {field.unit}"
    return f"{values[place]}{where}{more}; {allowed} is allowed"


def _all_within(values: NDArray[Any], field: FieldSchema) -> bool:
    """Two passes and no copy in the ordinary case; NaN fails both comparisons."""
    return values.size == 0 or bool(values.min() >= field.minimum and values.max() <= field.maximum)


def _network_problems(
    name: str, values: NDArray[Any] | None, field: FieldSchema, sizes: Mapping[str, int]
) -> Iterator[tuple[Any, str, str]]:
    problem = form_problem(values, field, tuple(sizes[axis] for axis in field.axes))
    if problem or values is None:
        yield "schema", name, problem
        return
    if not _all_within(values, field):
        good = np.isfinite(values) & (values >= field.minimum) & (values <= field.maximum)
        yield "values", name, value_problem(values, good, field)
        return
    last = {"lane_destination": sizes["N"] - 1, "lane_faster": sizes["L"]}.get(name)
    if last is not None and values.size and values.max() > last:
        yield "values", name, f"{values.max()} points at nothing; 0 to {last} is allowed"


def _most_common(found: Mapping[str, NDArray[Any]], schema: Mapping[str, FieldSchema], axis: str) -> int:
    """The size that most fields give an axis, so that one bad field doesn't condemn the others; 1 if none has it."""
    sizes = Counter(
        values.shape[field.axes.index(axis)]
        for name, field in schema.items()
        if axis in field.axes and (values := found.get(name)) is not None and values.ndim == len(field.axes)
    )
    return sizes.most_common(1)[0][0] if sizes else 1
