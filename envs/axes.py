"""Records of tensors that say each field's axes once, at the field; what can be done along an axis follows from that.

```python
@dataclass(frozen=True)
class Stock(Record):
    on_hand: Annotated[Tensor, Axes("BNS", unit="units")]
    booked_m3: Annotated[Tensor, Axes("BL", shared_by_skus=True)]
    day: int  # no axes: the same in every part of the record
```

An axis is one letter: those of the design (B environments, N nodes, A agents, M markets, L lanes, S SKUs, H days of
pipeline, K suppliers), and T days of a scenario, R ranks of fulfilment options, P the options that exist, W waves of
returns, Y months, E entries of the seasonal outlook, J faster lanes, F lanes from suppliers. A digit is an axis of just
that size, 1 one along which a tensor is spread; a small letter is an axis that only its own record knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Axes:
    """Axes of one field's tensor; stands in the field's annotation."""

    names: str
    """A letter or digit an axis, in order."""
    unit: str = ""
    memory: str | None = None
    """The same letters in the order in which the tensor lies in memory; what is cut out of it is laid out so too.
    None: no matter."""
    shared_by_skus: bool = False
    """All SKUs share what the field counts: of some SKUs it is only their share."""

    def __post_init__(self) -> None:
        if self.memory is not None and sorted(self.memory) != sorted(self.names):
            raise ValueError(f"memory={self.memory!r} must be an order of the axes {self.names!r}")
        if self.shared_by_skus and "S" in self.names:
            raise ValueError(f"axes {self.names!r} tell SKUs apart, so that they can't share it")

    def at(self, axis: str) -> int | None:
        """The axis's place, None where the field has no such axis."""
        place = self.names.find(axis)
        return None if place < 0 else place

    def laid_out(self, tensor: Tensor) -> Tensor:
        """The same tensor in the memory's order; itself where it lies so already."""
        if self.memory is None:
            return tensor
        order = [self.names.index(name) for name in self.memory]
        back = [self.memory.index(name) for name in self.names]
        return tensor.permute(order).contiguous().permute(back)


@dataclass(frozen=True)
class Record:
    """Base of frozen records of tensors. A field is a tensor with its `Axes`, a record, a tuple of records, or static.

    A tensor that is None stays None. Fields without axes are handed on as they are.
    """

    @classmethod
    def axes(cls) -> dict[str, Axes]:
        """Of each field that has axes."""
        return dict(_plan(cls).tensors)

    def sizes(self) -> dict[str, int]:
        """How long each axis is, of this record and those inside it. What is the same along an axis may be 1 long.

        Raises:
            ValueError: a field's shape isn't that of its axes, or two fields disagree.
        """
        found: dict[str, int] = {}
        for name, axes in _plan(type(self)).tensors:
            value = getattr(self, name)
            if value is None:
                continue
            shape = tuple(value.shape)
            if len(shape) != len(axes.names):
                raise ValueError(f"{type(self).__name__}.{name} has the shape {shape}, but the axes {axes.names!r}")
            for axis, size in zip(axes.names, shape, strict=True):
                expected = int(axis) if axis.isdigit() else found.get(axis, size)
                if size != expected and 1 not in (size, expected):
                    raise ValueError(f"{type(self).__name__}.{name}: axis {axis} is {size} long, elsewhere {expected}")
                if not axis.isdigit():
                    found[axis] = max(size, expected)
        for inner in self._records():
            for axis, size in inner.sizes().items():
                if axis.islower():
                    continue
                if size != found.get(axis, size) and 1 not in (size, found[axis]):
                    raise ValueError(f"{type(inner).__name__}: axis {axis} is {size} long, elsewhere {found[axis]}")
                found[axis] = max(size, found.get(axis, size))
        return found

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same record with every tensor changed."""
        return self._changed(lambda value, axes: change(value), lambda inner: inner.mapped(change))

    def to(self, device: torch.device | str) -> Self:
        """The same record on another device."""
        return self.mapped(lambda value: value.to(device))

    def detach(self) -> Self:
        """The same record, cut off from what led to it."""
        return self.mapped(lambda value: value.detach())

    def episodes_at(self, chosen: Tensor | slice) -> Self:
        """Some of the B environments: indices, booleans, or a slice."""
        return self._cut("B", chosen)

    def window(self, first: int, days: int) -> Self:
        """Consecutive days of T, from `first` on, counted from 0."""
        return self._cut("T", slice(first, first + days))

    def for_skus(self, chosen: Tensor) -> Self:
        """The record with some of its SKUs; what SKUs share shrinks with `share_of` them.

        Args:
            chosen: [S'] indices of SKUs.
        """
        return self._for_skus(chosen, self.share_of(chosen))

    def share_of(self, chosen: Tensor) -> float:
        """Of what all SKUs share, the part of some: by their number, where a record doesn't know better."""
        return len(chosen) / self.sizes()["S"]

    def _for_skus(self, chosen: Tensor, share: float) -> Self:
        def cut(value: Tensor, axes: Axes) -> Tensor:
            return value * share if axes.shared_by_skus else _cut_out(value, axes, "S", chosen)

        return self._changed(cut, lambda inner: inner._for_skus(chosen, share))

    def _cut(self, axis: str, chosen: Tensor | slice) -> Self:
        return self._changed(
            lambda value, axes: _cut_out(value, axes, axis, chosen), lambda inner: inner._cut(axis, chosen)
        )

    def _changed(self, tensor: Callable[[Tensor, Axes], Tensor], record: Callable[[Record], Record]) -> Self:
        plan = _plan(type(self))
        values: dict[str, Any] = {}
        for name, axes in plan.tensors:
            value = getattr(self, name)
            if value is not None:
                values[name] = tensor(value, axes)
        for name in plan.records:
            inner = getattr(self, name)
            if isinstance(inner, tuple):
                values[name] = tuple(record(part) for part in inner)
            elif inner is not None:
                values[name] = record(inner)
        return replace(self, **values)

    def _records(self) -> list[Record]:
        """All records right inside this one."""
        inside: list[Record] = []
        for name in _plan(type(self)).records:
            inner = getattr(self, name)
            inside.extend(inner if isinstance(inner, tuple) else () if inner is None else (inner,))
        return inside


def _cut_out(value: Tensor, axes: Axes, axis: str, chosen: Tensor | slice) -> Tensor:
    place = axes.at(axis)
    if place is None:
        return value
    return axes.laid_out(value[(slice(None),) * place + (chosen,)])


@dataclass(frozen=True)
class _Plan:
    """What a class's fields are: found once a class."""

    tensors: tuple[tuple[str, Axes], ...]
    records: tuple[str, ...]


_PLANS: dict[type, _Plan] = {}


def _plan(cls: type[Record]) -> _Plan:
    if cls not in _PLANS:
        _PLANS[cls] = _read_plan(cls)
    return _PLANS[cls]


def _read_plan(cls: type[Record]) -> _Plan:
    hints = get_type_hints(cls, include_extras=True)
    tensors, records = [], []
    for field in fields(cls):
        hint = hints[field.name]
        axes = [note for note in get_args(hint)[1:] if isinstance(note, Axes)] if get_origin(hint) is Annotated else []
        if axes:
            tensors.append((field.name, axes[0]))
        elif any(isinstance(part, type) and issubclass(part, Record) for part in (hint, *get_args(hint))):
            records.append(field.name)
    return _Plan(tuple(tensors), tuple(records))
