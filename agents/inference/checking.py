"""Whether arrays are what their schema says: there, of the right type and shape, finite, within their range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Reason
from entrepot.agents.inference.manifest import FieldSchema
from entrepot.agents.inference.naming import Names, place_named
from entrepot.agents.inference.plain import plain_array
from entrepot.agents.inference.rows import Rows

Arrays = dict[str, NDArray[Any]]
NAMELESS: Names = MappingProxyType({})
CONTEXT = ("season_ahead", "day_of_year", "weekday")
"""Known of the whole network alone: where they can't be read there is no cell to contain the trouble in."""
UNIT_FIELDS = ("unit_age_hours", "unit_down_hours")
"""What is known of units of equipment: where it is missing, orders are decided all the same, and maintenance isn't."""
CASTS = {"int64": "iu", "float32": "fiub"}
"""Kinds of arrays that may be cast to a field's type."""


@dataclass(frozen=True)
class Given:
    """A snapshot as it was given: what can be read as an array, and what is wrong with the rest."""

    arrays: Arrays
    problems: dict[str, str]
    rows: int  # B
    days: int  # H


@dataclass(frozen=True)
class Checked:
    """A snapshot made safe to calculate with, and what was wrong with it. The arrays are copies."""

    arrays: Arrays  # every field, in its shape and its final type; a stand-in wherever the value can't be used
    usable: dict[str, NDArray[np.bool_]]  # by field, only where not all of it can be used
    stock: NDArray[np.float64]  # [B, N, S] units on hand in double precision, 0 where it isn't known
    below_zero: NDArray[np.bool_]  # [B, N, S] where the stock on hand was given below 0
    rows: Rows
    absent: set[str]  # fields that are missing as a whole, or in another form than is due
    names: Names  # of places, for reasons

    def usable_or_all(self, name: str) -> NDArray[np.bool_]:
        """Which values of a field can be used, in the field's shape."""
        found = self.usable.get(name)
        return np.ones(self.arrays[name].shape, np.bool_) if found is None else found

    def reject(self, name: str, good: NDArray[np.bool_], stand_in: NDArray[Any] | float) -> None:
        """Let nobody use a field's values where they are not good."""
        self.usable[name] = good if name not in self.usable else self.usable[name] & good
        np.copyto(self.arrays[name], np.asarray(stand_in, self.arrays[name].dtype), where=~good)


def read_snapshot(snapshot: Mapping[str, Any], schema: Mapping[str, FieldSchema]) -> Given:
    """Arrays of the fields that the schema knows; a newer sender may say more."""
    arrays: Arrays = {}
    problems: dict[str, str] = {}
    for name in schema:
        if name in snapshot:
            values, problem = plain_array(snapshot[name])
            if values is None:
                problems[name] = problem
            else:
                arrays[name] = values
    return Given(
        arrays, problems, most_common(arrays, schema, "B"), max(1, most_common(arrays, schema, "H", default=1))
    )


def check_snapshot(
    given: Given,
    schema: Mapping[str, FieldSchema],
    sizes: Mapping[str, int],
    rows: slice,
    names: Names = NAMELESS,
    least_days: int = 1,
) -> Checked:
    """Copy every field in its final type, then check it.

    Values that can't be used get the stand-in 0 here and are told; rows that lack a whole field, or whose context can't
    be read, are sent to the fallback.

    Args:
        given: from `read_snapshot`.
        schema: of the module's snapshot inputs.
        sizes: N, M, L, S and W, from the network and the module.
        rows: which of the B rows to check.
        names: of nodes, markets, lanes and SKUs, as far as they are known.
        least_days: that a pipeline must have; one cut shorter would hide what is on the way.
    """
    count = len(range(given.rows)[rows])
    whole = {**sizes, "B": given.rows, "H": given.days}
    cells = (count, sizes["N"], sizes["S"])
    checked = Checked({}, {}, np.zeros(cells), np.zeros(cells, np.bool_), Rows(count), set(), names)
    with np.errstate(over="ignore", invalid="ignore"):
        _check_fields(given, schema, whole, rows, least_days, checked)
    return checked


def _check_fields(
    given: Given,
    schema: Mapping[str, FieldSchema],
    whole: Mapping[str, int],
    rows: slice,
    least_days: int,
    checked: Checked,
) -> None:
    count = checked.rows.count
    for name, field in schema.items():
        shape = tuple(whole[axis] for axis in field.axes)
        problem = given.problems.get(name) or form_problem(given.arrays.get(name), field, shape)
        if not problem and "H" in field.axes and given.days < least_days:
            problem = f"has {given.days} days; lanes take longer, so {least_days} or more are required"
        if problem:
            checked.absent.add(name)
            said = checked.rows.note if name in UNIT_FIELDS else checked.rows.fall
            said(slice(None), Reason("schema", name, problem))
            checked.arrays[name] = np.zeros((count, *shape[1:]), field.kind)
            checked.usable[name] = np.zeros((count, *shape[1:]), np.bool_)
            continue
        _check_field(name, field, given.arrays[name][rows], checked)


def _check_field(name: str, field: FieldSchema, given: NDArray[Any], checked: Checked) -> None:
    values = np.array(given, field.kind, order="C")  # after the cast nothing is converted any more
    checked.arrays[name] = values
    if name == "on_hand":
        checked.stock[...] = given
    if _all_within(values, field):
        return
    good = np.isfinite(values) & (values >= field.minimum) & (values <= field.maximum)
    for row in np.flatnonzero(~good.reshape(len(good), -1).all(axis=1)):
        reason = Reason("values", name, value_problem(values[row], good[row], field, checked.names))
        if name in CONTEXT:
            checked.rows.fall(np.array([row]), reason)
        else:
            checked.rows.note(np.array([row]), reason)
    if name == "on_hand":
        np.copyto(checked.stock, 0.0, where=~good)
        checked.below_zero[...] = np.isfinite(values) & (values < field.minimum)
    checked.reject(name, good, 0)


def check_network(network: Mapping[str, Any], schema: Mapping[str, FieldSchema]) -> tuple[Arrays, list[Reason]]:
    """A network's attributes as the graph takes them, and everything that is wrong with them."""
    found: Arrays = {}
    reasons: list[Reason] = []
    for name in schema:
        if name in network:
            values, problem = plain_array(network[name])
            if values is None:
                reasons.append(Reason("schema", name, problem))
            else:
                found[name] = values
    sizes = {axis: most_common(found, schema, axis, default=1) for axis in ("N", "M", "L", "S", "J", "U")}
    arrays: Arrays = {}
    for name, field in schema.items():
        problem = form_problem(found.get(name), field, tuple(sizes[axis] for axis in field.axes))
        if problem:
            if not any(reason.field == name for reason in reasons):
                reasons.append(Reason("schema", name, problem))
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            arrays[name] = np.array(found[name], field.kind, order="C")
        reasons.extend(Reason(*problem) for problem in _network_problems(name, arrays[name], field, sizes))
    return ({}, reasons) if reasons else (arrays, [])


def same_network(
    network: Mapping[str, Any], known: Mapping[str, NDArray[Any]], schema: Mapping[str, FieldSchema]
) -> bool:
    """Whether a network, copied and cast as `check_network` would, is one that was checked before.

    It is compared by content, each time: whoever changes an array in place has another network.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        for name, field in schema.items():
            values = plain_array(network[name])[0] if name in network else None
            ours = known[name]
            if values is None or values.shape != ours.shape or values.dtype.kind not in CASTS[field.kind]:
                return False
            if np.array(values, field.kind, order="C").tobytes() != ours.tobytes():
                return False
    return True


def sizes_of(network: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """N, M, L, S of a network that has been checked, and U where its equipment is told."""
    nodes, markets, skus = network["echelon_share"].shape
    units = {"U": len(network["unit_node"])} if "unit_node" in network else {}
    return {"N": nodes, "M": markets, "L": len(network["lane_origin"]), "S": skus, **units}


def form_problem(values: NDArray[Any] | None, field: FieldSchema, shape: tuple[int, ...]) -> str:
    """What is wrong with an array's presence, type or shape; empty if nothing is."""
    if values is None:
        return f"missing; [{', '.join(field.axes)}] {field.unit} is required"
    if values.dtype.kind not in CASTS[field.kind]:
        return f"is of type {values.dtype}; {'integers' if field.kind == 'int64' else 'real numbers'} are required"
    if values.shape != shape or 0 in shape[1:]:
        return f"has shape {list(values.shape)}; [{', '.join(field.axes)}] = {list(shape)} is required"
    return ""


def value_problem(values: NDArray[Any], good: NDArray[np.bool_], field: FieldSchema, names: Names = NAMELESS) -> str:
    """Which value is bad, how many are, and what is allowed."""
    bad = np.argwhere(~good)
    place = tuple(int(index) for index in bad[0])
    axes = [axis for axis in field.axes if axis != "B"]
    where = f" at {place_named(place, axes, names)}" if place else ""
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    allowed = f"{field.minimum:g} to {field.maximum:g} {field.unit}"
    return f"{values[place]}{where}{more}; {allowed} is allowed"


def most_common(
    found: Mapping[str, NDArray[Any]], schema: Mapping[str, FieldSchema], axis: str, default: int = 1
) -> int:
    """The size that most fields give an axis, so that one bad field doesn't condemn the others."""
    sizes = [
        values.shape[field.axes.index(axis)]
        for name, field in schema.items()
        if axis in field.axes and (values := found.get(name)) is not None and values.ndim == len(field.axes)
    ]
    if not sizes:
        return default
    most: int = sizes[0] if sizes.count(sizes[0]) == len(sizes) else Counter(sizes).most_common(1)[0][0]
    return most


def _all_within(values: NDArray[Any], field: FieldSchema) -> bool:
    """Two passes and no copy in the ordinary case; NaN fails both comparisons."""
    return values.size == 0 or bool(
        np.minimum.reduce(values, axis=None) >= field.minimum and np.maximum.reduce(values, axis=None) <= field.maximum
    )


def _network_problems(
    name: str, values: NDArray[Any], field: FieldSchema, sizes: Mapping[str, int]
) -> Iterator[tuple[Any, str, str]]:
    if not _all_within(values, field):
        good = np.isfinite(values) & (values >= field.minimum) & (values <= field.maximum)
        yield "values", name, value_problem(values, good, field)
        return
    last = {
        "lane_destination": sizes["N"] - 1,
        "lane_faster": sizes["L"],
        "lane_origin": MOST_ENDPOINTS,
        "unit_node": sizes["N"] - 1,
    }.get(name)
    if last is not None and values.size and values.max() > last:
        yield "values", name, f"{values.max()} points at nothing; 0 to {last} is allowed"


MOST_ENDPOINTS = 1_000_000
"""Nodes and suppliers; an origin beyond it is a slip, and would make arrays of its size."""
