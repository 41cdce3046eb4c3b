"""The manifest: what an exported module says of itself, checked key by key."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.errors import ModuleRefused
from entrepot.agents.inference.json_reader import MANIFEST, REMEDY, Reader, read_json

FORMAT = "entrepot-inference/3"
WITHOUT_SALES_DAYS = "entrepot-inference/2"
"""The format before: the same, but for `limits.approval_sales_days`, which limits nothing there."""
WITH_MAINTENANCE = "entrepot-inference/4"
"""The same as `FORMAT` for modules that decide maintenance: with `outputs.maintenance`, `names.units`, and units of
equipment among the inputs. Modules that don't are written in `FORMAT`, which readers of before know."""
READS = (WITHOUT_SALES_DAYS, FORMAT, WITH_MAINTENANCE)
FILES = ("fallback.json", "golden.npz", "network.npz", "policy.onnx")
"""What a module's folder holds beside its manifest."""
KINDS = ("float32", "int64")
UNIT_INPUTS = ("unit_age_hours", "unit_down_hours", "unit_best_age_hours", "unit_node")
"""That the ladder reads itself."""
MOST_ENTRIES = 1000
MOST_PACK_UNITS = 1e12
LARGEST_SEEN = 1e30
"""In a range: what tolerance makes of it is still a float32."""
ROLES = ("decision", "explanation")


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
class OutputSchema:
    """One output of the graph: its axes in order, unit, and whether it is a decision or explains one."""

    axes: tuple[str, ...]
    unit: str
    meaning: str
    role: str  # one of ROLES


@dataclass(frozen=True)
class Range:
    """Least and greatest value seen in training, and the median."""

    low: float
    high: float
    usual: float = 0.0


@dataclass(frozen=True)
class Envelope:
    """What snapshots of training looked like, see `envelope`."""

    values: dict[str, Range]  # of single cells
    rows: dict[str, Range]  # of what a row adds up to


@dataclass(frozen=True)
class OwnLimits:
    """Limits of the module's own network, in the order of `Names`; infinite where nothing limits.

    The approval limits are multiples of the largest order seen in training, see `approval_basis`.
    """

    lane_m3: NDArray[np.float64]  # [L] m³ a day
    supplier_units: NDArray[np.float64]  # [K] units a day
    minimum_order_units: NDArray[np.float64]  # [L] units of one SKU
    pack_units: NDArray[np.float64]  # [S] units
    approval_units: NDArray[np.float64]  # [L] units of a day's order, all SKUs together
    approval_usd: NDArray[np.float64]  # [L] USD of the same: goods, freight and duty
    approval_days: float  # the same in days of the destination's demand, for lanes of other networks
    approval_sales_days: float  # of any lane's order, in days of what its destination's markets bought last month
    approval_basis: str


@dataclass(frozen=True)
class Names:
    """Whose figures the module's own network holds, in the order of its arrays."""

    network: str
    nodes: tuple[str, ...]
    suppliers: tuple[str, ...]
    markets: tuple[str, ...]
    lanes: tuple[str, ...]
    skus: tuple[str, ...]
    units: tuple[str, ...] = ()  # of equipment, where the module decides maintenance


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
    outputs: dict[str, OutputSchema]
    season_entries: int  # W
    maximum_age_seconds: float  # beyond it the fallback decides
    hold_age_seconds: float  # beyond it nothing goes out
    names: Names
    demand: LongRun
    limits: OwnLimits
    envelope: Envelope
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
    content = read_json(MANIFEST, data)
    root = Reader("", content)
    if root.get("format") not in READS:
        raise ModuleRefused(
            f"{MANIFEST}: format: {root.get('format')!r}; this version reads {', '.join(map(repr, READS))}: "
            "export the run again"
        )
    root.only(
        "format", "name", "version", "inputs", "outputs", "season_entries", "maximum_age_seconds", "hold_age_seconds",
        "names", "demand", "limits", "envelope", "golden", "provenance", "metrics", "files", "digest",
    )  # fmt: skip
    if root.text("digest") != _digest({key: value for key, value in content.items() if key != "digest"}):
        raise ModuleRefused(f"{MANIFEST}: digest: does not match the content, so the file was altered: {REMEDY}")
    inputs, golden, envelope = root.child("inputs"), root.child("golden"), root.child("envelope")
    inputs.only("snapshot", "network")
    golden.only("relative", "absolute_units")
    envelope.only("values", "rows")
    provenance = root.child("provenance")
    provenance.text("code_version")
    digests = root.child("files")
    digests.only(*FILES)
    maintains = root.get("format") == WITH_MAINTENANCE
    names = _names(root.child("names"), maintains)
    entries = root.number("season_entries")
    if not (1 <= entries <= MOST_ENTRIES and entries == int(entries)):
        raise ModuleRefused(f"{MANIFEST}: season_entries: {entries:g}; 1 to {MOST_ENTRIES} is allowed")
    manifest = Manifest(
        name=root.text("name"),
        version=root.text("version"),
        snapshot=inputs.child("snapshot").each(_field),
        network=inputs.child("network").each(_field),
        outputs=root.child("outputs").each(_output),
        season_entries=int(entries),
        maximum_age_seconds=_age(root, "maximum_age_seconds"),
        hold_age_seconds=_age(root, "hold_age_seconds"),
        names=names,
        demand=_long_run(root.child("demand"), names),
        limits=_limits(root.child("limits"), names, root.get("format") == WITHOUT_SALES_DAYS),
        envelope=Envelope(envelope.child("values").each(_range), envelope.child("rows").each(_range)),
        golden_relative=golden.number("relative"),
        golden_absolute_units=golden.number("absolute_units"),
        provenance=provenance.value,
        metrics=root.get("metrics"),
        digests={name: digests.text(name) for name in FILES},
    )
    orders = manifest.outputs.get("orders")
    if orders is None or orders.axes != ("B", "L", "S") or orders.role != "decision":
        raise ModuleRefused(f"{MANIFEST}: outputs.orders: must be there, a decision with axes B, L, S")
    maintenance = manifest.outputs.get("maintenance")
    if maintains and (
        maintenance is None
        or maintenance.axes != ("B", "U")
        or not set(UNIT_INPUTS) <= {*manifest.snapshot, *manifest.network}
    ):
        raise ModuleRefused(
            f"{MANIFEST}: outputs.maintenance: must be there, a decision with axes B, U, and among the inputs "
            f"{', '.join(UNIT_INPUTS)}"
        )
    if not maintains and maintenance is not None:
        raise ModuleRefused(
            f"{MANIFEST}: outputs.maintenance: unknown to {root.get('format')}; needed: {WITH_MAINTENANCE}"
        )
    return manifest


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _field(reader: Reader) -> FieldSchema:
    reader.only("axes", "unit", "meaning", "minimum", "maximum", "kind")
    kind = reader.text("kind")
    if kind not in KINDS:
        raise ModuleRefused(f"{MANIFEST}: {reader.path}.kind: {kind!r}; allowed: {', '.join(KINDS)}")
    if not reader.number("minimum") <= reader.number("maximum"):
        raise ModuleRefused(f"{MANIFEST}: {reader.path}.minimum: above its maximum; must be at most it")
    return FieldSchema(
        axes=reader.texts("axes"),
        unit=reader.text("unit"),
        meaning=reader.text("meaning"),
        minimum=reader.number("minimum"),
        maximum=reader.number("maximum"),
        kind=kind,
    )


def _output(reader: Reader) -> OutputSchema:
    reader.only("axes", "unit", "meaning", "role")
    role = reader.text("role")
    if role not in ROLES:
        raise ModuleRefused(f"{MANIFEST}: {reader.path}.role: {role!r}; allowed: {', '.join(ROLES)}")
    return OutputSchema(reader.texts("axes"), reader.text("unit"), reader.text("meaning"), role)


def _age(reader: Reader, key: str) -> float:
    seconds = reader.number(key)
    if not seconds >= 0:
        raise ModuleRefused(f"{MANIFEST}: {key}: {seconds:g}; must be 0 s or more")
    return seconds


def _range(reader: Reader) -> Range:
    reader.only("low", "high", "usual")
    low, high, usual = reader.number("low"), reader.number("high"), reader.number("usual")
    if not low <= usual <= high:
        raise ModuleRefused(f"{MANIFEST}: {reader.path}: {low:g} to {high:g}, usually {usual:g}; must be in this order")
    if max(-low, high) > LARGEST_SEEN:
        raise ModuleRefused(f"{MANIFEST}: {reader.path}: {low:g} to {high:g}; at most {LARGEST_SEEN:g} either way")
    return Range(low, high, usual)


def _limits(reader: Reader, names: Names, without_sales_days: bool) -> OwnLimits:
    reader.only(
        "lane_m3", "supplier_units", "minimum_order_units", "pack_units", "approval_units", "approval_usd",
        "approval_days", "approval_basis", *(() if without_sales_days else ("approval_sales_days",)),
    )  # fmt: skip
    lanes, skus, suppliers = len(names.lanes), len(names.skus), len(names.suppliers)
    packs = reader.figures("pack_units", (skus,), missing=1.0)
    if not ((packs >= 1) & (packs <= MOST_PACK_UNITS) & (packs == np.floor(packs))).all():
        raise ModuleRefused(f"{MANIFEST}: limits.pack_units: must be 1, 2, 3, … units, or null")
    return OwnLimits(
        lane_m3=reader.figures("lane_m3", (lanes,), missing=math.inf),
        supplier_units=reader.figures("supplier_units", (suppliers,), missing=math.inf),
        minimum_order_units=reader.figures("minimum_order_units", (lanes,), missing=0.0),
        pack_units=packs,
        approval_units=reader.figures("approval_units", (lanes,), missing=math.inf),
        approval_usd=reader.figures("approval_usd", (lanes,), missing=math.inf),
        approval_days=reader.most("approval_days"),
        approval_sales_days=math.inf if without_sales_days else reader.most("approval_sales_days"),
        approval_basis=reader.text("approval_basis"),
    )


def _names(reader: Reader, maintains: bool) -> Names:
    axes = ("nodes", "suppliers", "markets", "lanes", "skus", *(("units",) if maintains else ()))
    reader.only("network", *axes)
    lists = {key: reader.texts(key) for key in axes}
    for key, texts in lists.items():
        if len(set(texts)) != len(texts):
            raise ModuleRefused(f"{MANIFEST}: names.{key}: a name stands twice; each must be its own")
        if any(unicodedata.category(character) == "Cc" for text in texts for character in text):
            raise ModuleRefused(f"{MANIFEST}: names.{key}: a name holds control characters; none may")
    return Names(network=reader.text("network"), **lists)


def _long_run(reader: Reader, names: Names) -> LongRun:
    reader.only("month_index", "demand_mean", "demand_square")
    table = (len(names.markets), len(names.skus))
    return LongRun(
        reader.figures("month_index", (12,)),
        reader.figures("demand_mean", table),
        reader.figures("demand_square", table),
    )
