"""JSON of a module's folder, read strictly, and the manifest's objects key by key."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.errors import ModuleRefused

MANIFEST = "manifest.json"
REMEDY = "copy the folder afresh or export it again"
MOST_SHOWN = 80
"""Characters of what was found there, in a refusal of one line."""
T = TypeVar("T")


def read_json(file: str, data: bytes) -> Any:
    """JSON as the standard has it: one value to a key, finite figures, whole characters.

    Raises:
        ModuleRefused: the file and what is wrong with it.
    """
    try:
        text = data.decode("utf-8")
        content = json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once)
        json.dumps(content, ensure_ascii=False).encode()  # half a surrogate pair has no bytes
    except (ValueError, RecursionError) as error:
        problem = str(error)[:200] if not isinstance(error, RecursionError) else "it is nested too deep"
        raise ModuleRefused(f"{file}: not JSON ({problem}); it was cut short or altered: {REMEDY}") from None
    return content


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not a figure")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return content


class Reader:
    """Reads one object of the manifest and names the key wherever something is wrong."""

    def __init__(self, path: str, value: Any) -> None:
        """Args: keys that lead here, joined by dots; what stands here."""
        self.path = path
        if not isinstance(value, dict):
            raise ModuleRefused(f"{MANIFEST}: {path or 'top level'}: {type(value).__name__}; must be an object")
        self.value: dict[str, Any] = value

    def get(self, key: str) -> Any:
        """What stands at a key, which must be there."""
        if key not in self.value:
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: missing; it is required")
        return self.value[key]

    def only(self, *allowed: str) -> None:
        """Refuse any other key."""
        unknown = sorted(set(self.value) - set(allowed))
        if unknown:
            raise ModuleRefused(f"{MANIFEST}: {self._name(unknown[0])}: unknown; allowed: {', '.join(sorted(allowed))}")

    def child(self, key: str) -> Reader:
        """The object at a key."""
        return Reader(self._name(key), self.get(key))

    def text(self, key: str) -> str:
        """The text at a key."""
        return str(self._typed(key, self.get(key), str, "text"))

    def number(self, key: str) -> float:
        """The number at a key, finite."""
        value = self._typed(key, self.get(key), (int, float), "a number")
        try:
            return float(value)
        except OverflowError:
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: too large; must be a number") from None

    def most(self, key: str) -> float:
        """A limit of 0 or more; null is none."""
        value = math.inf if self.get(key) is None else self.number(key)
        if not value >= 0:
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: {value:g}; must be 0 or more, or null for none")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts at a key."""
        items = self._typed(key, self.get(key), list, "a list of texts")
        return tuple(str(self._typed(key, item, str, "a list of texts")) for item in items)

    def figures(self, key: str, shape: tuple[int, ...], missing: float | None = None) -> NDArray[np.float64]:
        """Figures of 0 or more in a fixed shape, read-only; null is read as `missing` where there is such a figure."""
        allowed = f"figures of 0 or more in the shape {list(shape)}"
        given = self._typed(key, self.get(key), list, allowed)
        if missing is not None:
            given = [missing if item is None else item for item in given]
        try:
            values = np.array(given, np.float64)
        except (ValueError, TypeError, OverflowError):
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: must be {allowed}") from None
        if values.size == 0 and 0 in shape:
            values = np.zeros(shape)
        if values.shape != shape or not (values >= 0).all():
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: has shape {list(values.shape)}; must be {allowed}")
        values.flags.writeable = False
        return values

    def each(self, read: Callable[[Reader], T]) -> dict[str, T]:
        """Every child by its key."""
        return {key: read(self.child(key)) for key in self.value}

    def _typed(self, key: str, value: Any, kinds: Any, allowed: str) -> Any:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: {repr(value)[:MOST_SHOWN]}; must be {allowed}")
        return value

    def _name(self, key: str) -> str:
        told = key if key.isprintable() and len(key) <= MOST_SHOWN else repr(key)[:MOST_SHOWN]
        return f"{self.path}.{told}" if self.path else told
