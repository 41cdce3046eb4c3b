"""From a folder to a module that has proved itself."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from entrepot.agents.inference.checking import Arrays, check_network, check_snapshot, sizes_of
from entrepot.agents.inference.errors import ModuleRefused
from entrepot.agents.inference.fallback import BaseStock
from entrepot.agents.inference.folder import check_digests, check_onnx, read_folder, read_npz
from entrepot.agents.inference.manifest import MANIFEST, REMEDY, Manifest, parse
from entrepot.agents.inference.module import InferenceModule, Session

TYPES = {"float32": "tensor(float)", "int64": "tensor(int64)"}


def load(path: str | os.PathLike[str], *, threads: int = 1, manifest_digest: str | None = None) -> InferenceModule:
    """Load an exported module and check that it is whole and answers as it did when it was exported.

    Args:
        path: a folder `NAME/VERSION`, or `NAME`, whose highest version is then taken.
        threads: how many threads one decision may use.
        manifest_digest: SHA-256 that `manifest.json` must have; with it, no altered module passes, however carefully
            it was altered. Without it, alterations by accident are found.

    Raises:
        ModuleRefused: the file, what is wrong with it and what to do.
    """
    if threads < 1:
        raise ValueError(f"threads: {threads}; must be 1 or more")
    folder = _version_folder(Path(path))
    files = read_folder(folder)
    try:
        return _assemble(files, threads, manifest_digest)
    except ModuleRefused as error:
        raise ModuleRefused(f"{folder}: {error}") from error


def is_version(name: str) -> bool:
    """Whether a folder of that name is a version: digits only, such as ``0004``."""
    return name.isascii() and name.isdecimal()


def latest_version(home: Path) -> Path | None:
    """The folder of a module's highest version by number, 10 above 9; None if there is none.

    Folders of other names, such as those that an export has not finished, are passed over.

    Args:
        home: the folder ``NAME``.
    """
    versions = [file.parent for file in home.glob(f"*/{MANIFEST}") if is_version(file.parent.name)]
    return max(versions, key=lambda folder: (int(folder.name), folder.name), default=None)


def _version_folder(path: Path) -> Path:
    if path.is_dir() and not (path / MANIFEST).exists():
        return latest_version(path) or path
    return path


def _assemble(files: dict[str, bytes], threads: int, manifest_digest: str | None) -> InferenceModule:
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    if manifest_digest is not None and digest != manifest_digest:
        raise ModuleRefused(f"{MANIFEST}: its SHA-256 is {digest} and not {manifest_digest} as asked for")
    manifest = parse(files[MANIFEST])
    check_onnx(files["policy.onnx"])
    check_digests(files, manifest.digests)
    arrays = read_npz("network.npz", files["network.npz"], manifest.network)
    network, problems = check_network(arrays, manifest.network)
    if problems:
        raise ModuleRefused(f"network.npz: {problems[0]}; {REMEDY}")
    for values in network.values():
        values.flags.writeable = False
    _check_names(manifest, network)
    session = _session(files["policy.onnx"], manifest, threads)
    module = InferenceModule(manifest, digest, session, network, BaseStock.from_json(files["fallback.json"]))
    _prove(module, read_npz("golden.npz", files["golden.npz"], [*manifest.snapshot, "orders"]))
    return module


def _session(graph: bytes, manifest: Manifest, threads: int) -> Session:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ModuleRefused(f"policy.onnx: ONNX Runtime can't read it ({error}); {REMEDY}") from None
    found = {value.name: value.type for value in session.get_inputs()}
    expected = {name: TYPES[field.kind] for name, field in {**manifest.snapshot, **manifest.network}.items()}
    for name in sorted(set(found) ^ set(expected)):
        raise ModuleRefused(f"policy.onnx: input {name!r} is in the {'graph' if name in found else 'manifest'} only")
    for name, kind in expected.items():
        if found[name] != kind:
            raise ModuleRefused(f"policy.onnx: input {name!r} is {found[name]}; the manifest says {kind}")
    outputs = [value.name for value in session.get_outputs()]
    if outputs != ["orders"]:
        raise ModuleRefused(f"policy.onnx: outputs {outputs}; ['orders'] is required")
    result: Session = session
    return result


def _check_names(manifest: Manifest, network: Arrays) -> None:
    sizes = sizes_of(network)
    names = manifest.names
    for key, axis in (("nodes", "N"), ("markets", "M"), ("lanes", "L"), ("skus", "S")):
        count = len(getattr(names, key))
        if count != sizes[axis]:
            raise ModuleRefused(f"{MANIFEST}: names.{key}: {count} names; network.npz has {sizes[axis]}")


def _prove(module: InferenceModule, golden: dict[str, NDArray[Any]]) -> None:
    """Run the golden cases again: the graph must answer on this machine what torch answered at export."""
    expected = golden.pop("orders")
    manifest = module.manifest
    sizes = {**sizes_of(module.network), "W": manifest.season_entries}
    checked = check_snapshot(golden, manifest.snapshot, sizes)
    if not checked.rows.trusted.all():
        reason = next(reasons[0] for reasons in checked.rows.reasons if reasons)
        raise ModuleRefused(f"golden.npz: {reason}; {REMEDY}")
    answer = module.run_graph(dict(module.network), checked.arrays)
    if answer.shape != expected.shape:
        raise ModuleRefused(f"golden.npz: orders have shape {expected.shape}; the graph answers {answer.shape}")
    allowed = manifest.golden_absolute_units + manifest.golden_relative * np.abs(expected)
    difference = np.abs(answer - expected)
    if not (difference <= allowed).all():
        raise ModuleRefused(
            f"golden.npz: on this machine the graph answers up to {np.nanmax(difference):g} units off what it should "
            f"(allowed: {manifest.golden_relative:g} relative and {manifest.golden_absolute_units:g} units); "
            "check the version of onnxruntime against provenance in the manifest"
        )
