"""A module's folder: written beside its place, tried, and only then put there."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from entrepot import __version__
from entrepot.agents.inference.fallback import BaseStock
from entrepot.agents.inference.json_reader import MANIFEST
from entrepot.agents.inference.loading import is_version, load_unnamed
from entrepot.agents.inference.manifest import FORMAT, WITH_MAINTENANCE, Envelope, seal
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.snapshot.attributes import attribute_arrays
from entrepot.envs.snapshot.equipment import unit_arrays
from entrepot.envs.snapshot.schema import Field
from entrepot.envs.snapshot.season import SEASON_ENTRIES
from entrepot.training.export.graph import PolicyGraph, as_tensors, decides_maintenance, inputs_of, to_onnx
from entrepot.training.export.limits import limits_content

DAY_SECONDS = 86_400.0
GOLDEN_RELATIVE = 1e-4
GOLDEN_UNITS = 0.01
"""Far below the half unit at which rounding could change an order."""
FLOAT32_STEPS = 1e-6
"""Of the largest stock: where targets and positions cancel, their last bits are left."""
OUTPUTS = {
    "orders": ("units", "to order on each lane today, not rounded"),
    "maintenance": ("share", "from 0.5 up, the unit of equipment is maintained before the day's shift"),
    "target_days": ("days", "of the rate that is ordered up to"),
    "rate": ("units/day", "demand that passes through the lane's destination"),
    "position": ("units", "there and due there within the lane's window, less what customers wait for"),
    "wish": ("units", "short of the target on this lane"),
    "released": ("share", "of the wish that is ordered: what the origin's stock and the departure allow"),
}
DECIDED = ("orders", "maintenance")
LIBRARIES = ("numpy", "onnx", "onnxruntime", "onnxscript", "torch")


def export_policy(
    policy: nn.Module,
    network: NetworkArrays,
    demand_mean: NDArray[np.float64],
    *,
    folder: Path,
    name: str,
    network_name: str,
    golden: Mapping[str, NDArray[Any]],
    envelope: Envelope,
    fallback_cover: NDArray[Any],
    provenance: Mapping[str, Any],
    month_index: NDArray[np.float64] | None = None,
    demand_deviation: NDArray[np.float64] | None = None,
    base_cover_days: NDArray[np.float64] | None = None,
    metrics: Any = None,
    version: str | None = None,
    maximum_age_seconds: float = DAY_SECONDS,
    hold_age_seconds: float | None = None,
    largest_orders: NDArray[np.float64] | None = None,
    graph: bytes | None = None,
) -> Path:
    """Write `folder/name/version/`, having loaded it and compared it with torch.

    Args:
        policy: from a `Snapshot` and `NetworkAttributes` to orders; on the CPU, in float32.
        network: that the module decides for unless told otherwise.
        demand_mean: [M, S] units a day in the long run.
        folder: where modules are kept.
        name: of the module.
        network_name: of the network.
        golden: a batch of snapshots, keyed as in `SNAPSHOT_FIELDS` (and `UNIT_SNAPSHOT_FIELDS` where the policy decides
            maintenance), that are run again at every load.
        envelope: ranges seen in training, from `entrepot.agents.inference.envelope.envelope_of`.
        fallback_cover: [L, S] days, of a tuned base stock.
        provenance: seeds, data window and the like, as JSON would have it; versions of code and libraries are added.
        month_index: [12] units a day in each month over the year's mean, January first; no season if None.
        demand_deviation: [M, S] standard deviation of a day's demand; that of a Poisson if None.
        base_cover_days: [L, S] covers that the policy starts from; the textbook's if None.
        metrics: figures against named baselines, as JSON would have it.
        version: digits, such as "0001"; one above the highest there is if None.
        maximum_age_seconds: of a snapshot that the policy may still decide on.
        hold_age_seconds: of one that anything may still go out on; twice the other if None.
        largest_orders: [2, L] units and USD of each lane's largest order of a day in training, from which the approval
            limits follow; there are none if None.
        graph: of the policy, from `to_onnx`, where it has been made before; made now if None.

    Returns:
        The module's folder.

    Raises:
        ConfigurationError: the version isn't digits, or the policy decides maintenance of what doesn't wear, or reads
            weeks of demand.
        FileExistsError: the version is there already; a version never changes.
        ModuleRefused: what was written doesn't load, or doesn't answer as torch does.
    """
    refuse_weeks(policy, name)
    home = folder / name
    if version is not None and not is_version(version):
        raise ConfigurationError(f"version: {version!r}; allowed: digits, such as 0001, or none for the next free one")
    if version is not None and (home / version).exists():
        raise FileExistsError(f"{home / version}: exists, and a version never changes; give another or none")
    attributes = {
        key: np.asarray(values)
        for key, values in attribute_arrays(network, demand_mean, demand_deviation, base_cover_days).items()
    }
    maintains = decides_maintenance(policy)
    if maintains:
        if network.equipment is None:
            raise ConfigurationError(f"{network_name}: the policy decides maintenance, and no equipment of it wears")
        attributes |= unit_arrays(network.equipment)
    of_snapshot, of_network = inputs_of(policy)
    files = {
        "policy.onnx": to_onnx(policy) if graph is None else graph,
        "network.npz": _npz({key: field.array(attributes[key]) for key, field in of_network.items()}),
        "golden.npz": _golden(policy, golden, attributes),
        "fallback.json": BaseStock(
            network.lanes, network.skus, network.markets, np.asarray(fallback_cover, np.float64), demand_mean
        ).to_json(),
    }
    content: dict[str, Any] = {
        "format": WITH_MAINTENANCE if maintains else FORMAT,
        "name": name,
        "version": "",
        "inputs": {"snapshot": _schema(of_snapshot), "network": _schema(of_network)},
        "outputs": {name: _output(name) for name in PolicyGraph(policy).outputs},
        "season_entries": SEASON_ENTRIES,
        "maximum_age_seconds": maximum_age_seconds,
        "hold_age_seconds": 2 * maximum_age_seconds if hold_age_seconds is None else hold_age_seconds,
        "names": {
            "network": network_name,
            "nodes": network.nodes,
            "suppliers": network.suppliers,
            "markets": network.markets,
            "lanes": network.lanes,
            "skus": network.skus,
            **({"units": network.equipment.units} if maintains and network.equipment is not None else {}),
        },
        "demand": {
            "month_index": (np.ones(12) if month_index is None else np.asarray(month_index, np.float64)).tolist(),
            "demand_mean": np.asarray(demand_mean, np.float64).tolist(),
            # E[x²] = Var[x] + E[x]²
            "demand_square": (attributes["demand_deviation"] ** 2 + np.asarray(demand_mean) ** 2).tolist(),
        },
        "limits": limits_content(network, demand_mean, largest_orders),
        "envelope": dataclasses.asdict(envelope),
        "golden": {"relative": GOLDEN_RELATIVE, "absolute_units": _golden_units(golden)},
        "provenance": {
            **provenance,
            "code_version": __version__,
            "libraries": {library: importlib.metadata.version(library) for library in LIBRARIES},
        },
        "metrics": metrics,
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in files.items()},
    }
    home.mkdir(parents=True, exist_ok=True)
    if version is not None:
        return _publish(home, version, content, files)
    while True:
        try:
            return _publish(home, next_version(home), content, files)
        except FileExistsError:
            continue  # somebody else took the number in the meantime


def refuse_weeks(policy: nn.Module, name: str) -> None:
    """A snapshot from live systems has no weeks of demand, and a module that lacks an input can't decide.

    Raises:
        ConfigurationError: the policy reads them.
    """
    if Costly.WEEKS in getattr(policy, "reads", ()):
        raise ConfigurationError(
            f"{name}: policy.demand_memory: 'weeks'; allowed for export: averages, for live systems' snapshots hold no "
            "weeks of demand"
        )


def next_version(home: Path) -> str:
    """One above the highest numbered version in a module's folder."""
    numbers = [int(entry.name) for entry in home.iterdir() if is_version(entry.name)] if home.is_dir() else []
    return f"{max(numbers, default=0) + 1:04d}"


def _publish(home: Path, version: str, content: Mapping[str, Any], files: Mapping[str, bytes]) -> Path:
    """Write to a temporary folder, load what was written, rename."""
    place = home / version
    scratch = Path(tempfile.mkdtemp(dir=home, prefix=f".{version}."))
    try:
        for file, data in {**files, MANIFEST: seal({**content, "version": version})}.items():
            with open(scratch / file, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        load_unnamed(scratch)
        scratch.chmod(0o755)
        if place.exists():  # rename would replace an empty folder
            raise FileExistsError(f"{place}: exists, and a version never changes")
        try:
            scratch.rename(place)
        except OSError as error:
            if place.exists():
                raise FileExistsError(f"{place}: exists, and a version never changes") from error
            raise
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return place


def _golden(policy: nn.Module, golden: Mapping[str, NDArray[Any]], attributes: Mapping[str, NDArray[Any]]) -> bytes:
    """The cases with torch's answers, in eager mode and so on another path than the exported one."""
    training = policy.training
    graph = PolicyGraph(policy).eval()
    of_snapshot, of_network = inputs_of(policy)
    with torch.no_grad():
        decisions = graph(as_tensors(golden, of_snapshot), as_tensors(attributes, of_network))
    policy.train(training)
    cases = {key: field.array(golden[key]) for key, field in of_snapshot.items()}
    return _npz({**cases, **{name: decisions[name].numpy() for name in graph.decisions}})


def _golden_units(golden: Mapping[str, NDArray[Any]]) -> float:
    stock = max(float(golden[name].max(initial=0.0)) for name in ("on_hand", "dock", "pipeline", "backlog"))
    return max(GOLDEN_UNITS, FLOAT32_STEPS * stock)


def _output(name: str) -> dict[str, Any]:
    unit, meaning = OUTPUTS[name]
    role = "decision" if name in DECIDED else "explanation"
    axes = ["B", "U"] if name == "maintenance" else ["B", "L", "S"]
    return {"axes": axes, "unit": unit, "meaning": meaning, "role": role}


def _schema(fields: Mapping[str, Field]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "axes": list(field.axes),
            "unit": field.unit,
            "meaning": field.meaning,
            "minimum": field.minimum,
            "maximum": field.maximum,
            "kind": "int64" if field.integer else "float32",
        }
        for name, field in fields.items()
    }


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **dict(arrays))
    return stream.getvalue()
