"""From what a network's YAML describes, one by one, to one array a key: the array has the key's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from entrepot.envs.axes import Record

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

Arrays = TypeVar("Arrays", bound=Record)


def gathered(record: type[Arrays], described: Sequence[BaseModel], **derived: Any) -> Arrays:
    """A record of arrays with an entry for each thing described.

    Args:
        record: a field that isn't among `derived` is a key of what is described; `transit_days` stands for the key
            `days` inside `transit`.
        described: nodes, suppliers, markets or lanes, in the order of the file.
        derived: fields that follow from several keys.

    Raises:
        AttributeError: a field is neither a key nor derived.
    """
    read = {
        name: np.array([_value(thing, name) for thing in described]) for name in record.axes() if name not in derived
    }
    return record(**read, **derived)


def _value(thing: BaseModel, name: str) -> Any:
    keys = type(thing).model_fields
    if name in keys:
        return getattr(thing, name)
    for key in keys:
        inner = getattr(thing, key)
        if name.startswith(f"{key}_") and isinstance(inner, BaseModel):
            return _value(inner, name.removeprefix(f"{key}_"))
    raise AttributeError(f"{type(thing).__name__} has no key {name!r}; it has {', '.join(keys)}")
