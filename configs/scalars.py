"""Scalars as a person wrote them against what the model wants at their place: names are text, numbers are numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from entrepot.configs.core_schema import WrittenFloat, WrittenInt

Location = tuple[str | int, ...]
_CORE_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?(?:inf|nan)")
_MEANT = (
    (re.compile(r"[-+]?0[0-9]+(\.[0-9]*)?"), "starts with 0, which some programs read as octal"),
    (re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?"), "has a comma"),
    (re.compile(r"[-+]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?|[-+]?[0-9]+,[0-9]*"), "has a comma"),
    (re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?"), "has an underscore"),
    (re.compile(r"[-+]?[0-9 \u00a0\u202f]+(\.[0-9]*)?"), "has a space"),
    (re.compile(r"[-+]?[0-9]+(:[0-9]+)+(\.[0-9]*)?"), "is a time, or degrees and minutes"),
)


def as_wanted(value: Any, annotation: Any, at: Location = ()) -> tuple[Any, list[tuple[Location, str]]]:
    """Content with each scalar as the model wants it.

    Args:
        value: content as read.
        annotation: the type of what it will become; a model for the whole.
        at: keys that lead there.

    Returns:
        The content; and by location what can't be meant: a number that isn't plainly one, a truth value as a number.
    """
    problems: list[tuple[Location, str]] = []
    if isinstance(value, Mapping):
        result: dict[Any, Any] = {}
        for key, inner in value.items():
            result[key], found = as_wanted(inner, step_into(annotation, key), (*at, key))
            problems += found
        return result, problems
    if isinstance(value, list | tuple):
        items = []
        for index, inner in enumerate(value):
            item, found = as_wanted(inner, step_into(annotation, index), (*at, index))
            items.append(item)
            problems += found
        return items, problems
    return _scalar(value, set(_leaves(annotation)), at)


def _scalar(value: Any, wanted: set[type], at: Location) -> tuple[Any, list[tuple[Location, str]]]:
    number = bool(wanted & {int, float})
    if str in wanted and not number and isinstance(value, int | float) and not isinstance(value, bool):
        return (value.text if isinstance(value, WrittenFloat | WrittenInt) else str(value)), []
    if isinstance(value, bool) and str in wanted and bool not in wanted:
        return value, [(at, f"{str(value).lower()} is a truth value; write it in quotes if it is a name")]
    if isinstance(value, bool) and wanted and bool not in wanted and number:
        return value, [(at, f"{str(value).lower()} is a truth value; a number is wanted")]
    if number and not wanted & {str, bool, date} and isinstance(value, str):
        return value, [(at, hint) for hint in _unlike_a_number(value)]
    if date in wanted and not wanted & {int, float, str} and isinstance(value, int | float):
        return value, [(at, f"{value} is a number; a date is wanted, as 2026-01-31")]
    if isinstance(value, WrittenFloat):
        return float(value), []
    return (int(value) if isinstance(value, WrittenInt) else value), []


def _unlike_a_number(text: str) -> Iterator[str]:
    if _CORE_NUMBER.fullmatch(text.strip().lower()):
        return
    for pattern, why in _MEANT:
        if pattern.fullmatch(text.strip()):
            yield f"{text!r} {why}; write digits only, with a point before decimals, such as 500 or 1250.5"
            return
    yield f"{text!r} is not a number; write one in digits"


def _leaves(annotation: Any) -> Iterator[type]:
    """Scalar types that may stand at a place; none where the model doesn't say."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        yield str if issubclass(annotation, Enum) else annotation
        return
    if get_origin(annotation) in (dict, list, tuple, set):
        return
    for argument in get_args(annotation):
        if isinstance(argument, type) or get_origin(argument) is not None:
            yield from _leaves(argument)
        elif isinstance(argument, str):  # of a Literal
            yield str


def step_into(annotation: Any, part: str | int) -> Any:
    """The type of what stands at a field's name, a mapping's key or a list's index; None if it isn't told."""
    model = model_in(annotation)
    if model is not None:
        field = model.model_fields.get(str(part))
        return field.annotation if field is not None else None
    for kind in (annotation, *get_args(annotation)):  # the mapping or list itself, or one of a union
        inner = next((one for one in (kind, *get_args(kind)) if _is_collection(one)), None)
        if inner is not None:
            arguments = [argument for argument in get_args(inner) if argument is not Ellipsis]
            return arguments[-1] if arguments else None
    return None


def _is_collection(annotation: Any) -> bool:
    return get_origin(annotation) in (dict, list, tuple, set, Mapping, Sequence)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The annotation itself if it is a model, or the model in ``Model | None`` and ``Annotated[Model, …]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if _is_collection(annotation):
        return None
    models = [argument for argument in get_args(annotation) if isinstance(argument, type)]
    return next((argument for argument in models if issubclass(argument, BaseModel)), None)
