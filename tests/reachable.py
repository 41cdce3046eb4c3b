"""What an object leads to, for tests that something is out of its reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor


def reachable(thing: Any, seen: dict[int, Any] | None = None) -> Iterator[Any]:
    """Everything that attributes, items and tensors' bases lead to."""
    seen = {} if seen is None else seen
    if id(thing) in seen or isinstance(thing, type | str | bytes | int | float | torch.dtype | torch.device):
        return
    seen[id(thing)] = thing
    yield thing
    if isinstance(thing, Tensor):
        ahead = [thing._base, thing.grad, thing.grad_fn]
    elif isinstance(thing, dict):
        ahead = list(thing.values())
    elif isinstance(thing, list | tuple | set | frozenset):
        ahead = list(thing)
    else:
        ahead = list(getattr(thing, "__dict__", {}).values())
        ahead += [getattr(thing, field.name) for field in fields(thing)] if is_dataclass(thing) else []
    for other in ahead:
        if other is not None:
            yield from reachable(other, seen)


def storages(thing: Any) -> set[int]:
    """Places in memory of all tensors that a thing leads to."""
    return {part.untyped_storage().data_ptr() for part in reachable(thing) if isinstance(part, Tensor)}
