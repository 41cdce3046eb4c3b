"""The manifest: what an exported module says of itself, checked key by key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.errors import ModuleRefused

FORMAT = "entrepot-inference/2"
MANIFEST = "manifest.json"
FILES = ("fallback.json", "golden.npz", "network.npz", "policy.onnx")
"""What a module's folder holds beside its manifest."""
KINDS = ("float32", "int64")
REMEDY = "copy the folder afresh or export it again"


@dataclass(frozen=True)
class FieldSchema:
    """One input: its axes in order, unit, type, and the values it may hold."""

    axes: tuple[str, ...]
    unit: str
    meaning: str
    minimum: float
    maximum: float
    kind: str  # one of KINDS


@dataclass(frozen=True)
class Range:
    """Least and greatest value seen in training."""

    low: float
    high: float


@dataclass(frozen=True)
class Names:
    """Whose figures the module's own network holds, in the order of its arrays."""

    network: str
    nodes: tuple[str, ...]
    markets: tuple[str, ...]
    lanes: tuple[str, ...]
    skus: tuple[str, ...]


@dataclass(frozen=True)
class LongRun:
    """Demand of the training window: the season, and what the demand statistics open with before there are sales.

    M markets and S SKUs are those of `Names`, in its order.
    """

    month_index: NDArray[np.float64]  # [12] units a day in each month over the year's mean, January first
    demand_mean: NDArray[np.float64]  # [M, S] units a day, the opening of the weighted means
    demand_square: NDArray[np.float64]  # [M, S] units² a day, the opening of the weighted mean of squares


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says; every key is required and no other is allowed."""

    name: str
    version: str
    snapshot: dict[str, FieldSchema]
    network: dict[str, FieldSchema]
    season_entries: int  # W
    maximum_age_seconds: float
    names: Names
    demand: LongRun
    envelope: dict[str, Range]
    golden_relative: float
    golden_absolute_units: float
    provenance: dict[str, Any]
    metrics: Any
    digests: dict[str, str]  # SHA-256 by file name


def seal(content: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest, with a digest over its own content."""
    sealed = {**content, "digest": _digest(content)}
    return (json.dumps(sealed, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def parse(data: bytes) -> Manifest:
    """Check a manifest and read it.

    Raises:
        ModuleRefused: the key, what stands there and what is allowed.
    """
    try:
        content = json.loads(data)
    except ValueError as error:
        raise ModuleRefused(f"{MANIFEST}: not JSON ({error}); it was cut short or altered: {REMEDY}") from None
    root = _Reader("", content)
    if root.get("format") != FORMAT:
        raise ModuleRefused(f"{MANIFEST}: format: {root.get('format')!r}; this version reads {FORMAT!r} only")
    root.only(
        "format", "name", "version", "inputs", "output", "season_entries", "maximum_age_seconds", "names", "demand",
        "envelope", "golden", "provenance", "metrics", "files", "digest",
    )  # fmt: skip
    if root.text("digest") != _digest({key: value for key, value in content.items() if key != "digest"}):
        raise ModuleRefused(f"{MANIFEST}: digest: does not match the content, so the file was altered: {REMEDY}")
    inputs, golden = root.child("inputs"), root.child("golden")
    inputs.only("snapshot", "network")
    golden.only("relative", "absolute_units")
    provenance = root.child("provenance")
    provenance.text("code_version")
    digests = root.child("files")
    digests.only(*FILES)
    return Manifest(
        name=root.text("name"),
        version=root.text("version"),
        snapshot={name: _field(inputs.child("snapshot").child(name)) for name in inputs.child("snapshot").value},
        network={name: _field(inputs.child("network").child(name)) for name in inputs.child("network").value},
        season_entries=int(root.number("season_entries")),
        maximum_age_seconds=root.number("maximum_age_seconds"),
        names=_names(root.child("names")),
        demand=_long_run(root.child("demand"), _names(root.child("names"))),
        envelope={name: _range(root.child("envelope").child(name)) for name in root.child("envelope").value},
        golden_relative=golden.number("relative"),
        golden_absolute_units=golden.number("absolute_units"),
        provenance=provenance.value,
        metrics=root.get("metrics"),
        digests={name: digests.text(name) for name in FILES},
    )


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _field(reader: _Reader) -> FieldSchema:
    reader.only("axes", "unit", "meaning", "minimum", "maximum", "kind")
    kind = reader.text("kind")
    if kind not in KINDS:
        raise ModuleRefused(f"{MANIFEST}: {reader.path}.kind: {kind!r}; allowed: {', '.join(KINDS)}")
    return FieldSchema(
        axes=reader.texts("axes"),
        unit=reader.text("unit"),
        meaning=reader.text("meaning"),
        minimum=reader.number("minimum"),
        maximum=reader.number("maximum"),
        kind=kind,
    )


def _range(reader: _Reader) -> Range:
    reader.only("low", "high")
    return Range(reader.number("low"), reader.number("high"))


def _names(reader: _Reader) -> Names:
    reader.only("network", "nodes", "markets", "lanes", "skus")
    lists = {key: reader.texts(key) for key in ("nodes", "markets", "lanes", "skus")}
    return Names(network=reader.text("network"), **lists)


def _long_run(reader: _Reader, names: Names) -> LongRun:
    reader.only("month_index", "demand_mean", "demand_square")
    table = (len(names.markets), len(names.skus))
    return LongRun(
        reader.figures("month_index", (12,)),
        reader.figures("demand_mean", table),
        reader.figures("demand_square", table),
    )


class _Reader:
    """Reads one JSON object and names the key wherever something is wrong."""

    def __init__(self, path: str, value: Any) -> None:
        self.path = path
        if not isinstance(value, dict):
            raise ModuleRefused(f"{MANIFEST}: {path or 'top level'}: {type(value).__name__}; must be an object")
        self.value: dict[str, Any] = value

    def get(self, key: str) -> Any:
        if key not in self.value:
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: missing; it is required")
        return self.value[key]

    def only(self, *allowed: str) -> None:
        unknown = sorted(set(self.value) - set(allowed))
        if unknown:
            raise ModuleRefused(f"{MANIFEST}: {self._name(unknown[0])}: unknown; allowed: {', '.join(sorted(allowed))}")

    def child(self, key: str) -> _Reader:
        return _Reader(self._name(key), self.get(key))

    def text(self, key: str) -> str:
        return str(self._typed(key, self.get(key), str, "text"))

    def number(self, key: str) -> float:
        return float(self._typed(key, self.get(key), (int, float), "a number"))

    def texts(self, key: str) -> tuple[str, ...]:
        items = self._typed(key, self.get(key), list, "a list of texts")
        return tuple(str(self._typed(key, item, str, "a list of texts")) for item in items)

    def figures(self, key: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Figures of 0 or more in a fixed shape, read-only."""
        allowed = f"figures of 0 or more in the shape {list(shape)}"
        try:
            values = np.array(self._typed(key, self.get(key), list, allowed), np.float64)
        except (ValueError, TypeError, OverflowError):
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: must be {allowed}") from None
        if values.shape != shape or not (np.isfinite(values) & (values >= 0)).all():
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: has shape {list(values.shape)}; must be {allowed}")
        values.flags.writeable = False
        return values

    def _typed(self, key: str, value: Any, kinds: Any, allowed: str) -> Any:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise ModuleRefused(f"{MANIFEST}: {self._name(key)}: {value!r}; must be {allowed}")
        return value

    def _name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
