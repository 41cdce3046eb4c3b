"""From a folder to a module that has proved itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from entrepot.agents.inference.checking import Arrays, check_network, check_snapshot, read_snapshot, sizes_of
from entrepot.agents.inference.child import ChildSession
from entrepot.agents.inference.deadline import StoppableSession
from entrepot.agents.inference.errors import InputRefused, ModuleRefused
from entrepot.agents.inference.fallback import BaseStock
from entrepot.agents.inference.feasibility import suppliers_of
from entrepot.agents.inference.folder import check_digests, check_onnx, read_folder, read_npz
from entrepot.agents.inference.json_reader import MANIFEST, REMEDY
from entrepot.agents.inference.manifest import Manifest, parse
from entrepot.agents.inference.module import InferenceModule, Session

MOST_DIGITS = 18
PROOF_SECONDS = 120.0
"""The golden cases take a fraction of a second; a graph that doesn't answer is refused."""
GOLDEN = ("orders", "maintenance")
"""Decisions whose golden answers are kept, as far as a module decides them."""
GOLDEN_SHARE = 1e-3
"""By how much maintenance, from 0 to 1, may be off what it was at export."""
TYPES = {"float32": "tensor(float)", "int64": "tensor(int64)"}


def load(
    path: str | os.PathLike[str], *, threads: int = 1, manifest_digest: str | None = None, apart: bool = False
) -> InferenceModule:
    """Load an exported module and check that it is whole and answers as it did when it was exported.

    Args:
        path: a folder `NAME/VERSION`, or `NAME`, whose highest version is then taken.
        threads: how many threads one decision may use.
        manifest_digest: SHA-256 that `manifest.json` must have; with it, no altered module passes, however carefully
            it was altered. Without it, alterations by accident are found.
        apart: run the graph in a process of its own, which is killed where it doesn't answer by a decision's deadline,
            and takes nobody along where it crashes; the fallback answers then, and the next decision has a new one.

    Raises:
        ModuleRefused: the file, what is wrong with it and what to do; nothing else is ever raised for what stands in
            the folder.
        InputRefused: an argument makes no sense.
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise InputRefused(f"threads: {threads!r}; must be 1 or more")
    if manifest_digest is not None and not isinstance(manifest_digest, str):
        raise InputRefused(f"manifest_digest: {type(manifest_digest).__name__}; 64 hexadecimal digits are required")
    try:
        place = Path(path)
    except TypeError:
        raise InputRefused(f"path: {type(path).__name__}; a folder is required") from None
    return _funnelled(place, lambda: _load_version(_version_folder(place), threads, manifest_digest, apart))


def load_again(folder: str, threads: int, manifest_digest: str, apart: bool = False) -> InferenceModule:
    """As `load`; what a pickled module becomes.

    Raises:
        ModuleRefused: the folder isn't there, or holds another module by now.
    """
    return load(folder, threads=threads, manifest_digest=manifest_digest, apart=apart)


def load_unnamed(folder: Path) -> InferenceModule:
    """As `load`, for a folder that has not got its name yet, such as one that is being exported.

    Raises:
        ModuleRefused: as `load`.
    """
    return _funnelled(folder, lambda: _assemble(read_folder(folder), 1, None, None))


def _load_version(folder: Path, threads: int, manifest_digest: str | None, apart: bool) -> InferenceModule:
    module = _assemble(read_folder(folder), threads, manifest_digest, folder, apart)
    real = folder.resolve()
    if (real.parent.name, real.name) != (module.manifest.name, module.manifest.version):
        raise ModuleRefused(
            f"{MANIFEST}: this is {module.versions.module}, and it stands in {real.parent.name}/{real.name}; "
            "a module's folder must bear its name and version"
        )
    return module


def _funnelled(folder: Path, read: Callable[[], InferenceModule]) -> InferenceModule:
    try:
        return read()
    except ModuleRefused as error:
        text = str(error)
        raise error if text.startswith(str(folder)) else ModuleRefused(f"{folder}: {text}") from error.__cause__
    except Exception as error:  # what a folder can hold is not ours to foresee; memory may run out, too
        raise ModuleRefused(
            f"{folder}: can't be loaded ({type(error).__name__}: {str(error)[:200]}); {REMEDY}"
        ) from error


def is_version(name: str) -> bool:
    """Whether a folder of that name is a version: digits only, such as ``0004``."""
    return name.isascii() and name.isdecimal() and len(name) <= MOST_DIGITS


def latest_version(home: Path) -> Path | None:
    """The folder of a module's highest version by number, 10 above 9; None if there is none.

    Folders of other names, such as those that an export has not finished, are passed over.

    Args:
        home: the folder ``NAME``.
    """
    versions = [file.parent for file in home.glob(f"*/{MANIFEST}") if is_version(file.parent.name) and file.is_file()]
    return max(versions, key=lambda folder: (int(folder.name), folder.name), default=None)


def _version_folder(path: Path) -> Path:
    if path.is_dir() and not (path / MANIFEST).exists():
        return latest_version(path) or path
    return path


def _assemble(
    files: dict[str, bytes], threads: int, manifest_digest: str | None, folder: Path | None, apart: bool = False
) -> InferenceModule:
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
    _check_names(manifest, network)
    session = _session(files["policy.onnx"], manifest, threads, apart)
    again = None if folder is None else (load_again, (str(folder.resolve()), threads, digest, apart))
    module = InferenceModule(manifest, digest, session, network, BaseStock.from_json(files["fallback.json"]), again)
    decided = [name for name in GOLDEN if name in manifest.outputs]
    _prove(module, read_npz("golden.npz", files["golden.npz"], [*manifest.snapshot, *decided]))
    return module


def _session(graph: bytes, manifest: Manifest, threads: int, apart: bool) -> Session:
    session: Session
    try:
        if apart:
            session = child = ChildSession(graph, threads)
            found, outputs = child.inputs, child.outputs
        else:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            here = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            session = StoppableSession(here)
            found = {value.name: value.type for value in here.get_inputs()}
            outputs = [value.name for value in here.get_outputs()]
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ModuleRefused(f"policy.onnx: ONNX Runtime can't read it ({error}); {REMEDY}") from None
    expected = {name: TYPES[field.kind] for name, field in {**manifest.snapshot, **manifest.network}.items()}
    for name in sorted(set(found) ^ set(expected)):
        raise ModuleRefused(f"policy.onnx: input {name!r} is in the {'graph' if name in found else 'manifest'} only")
    for name, kind in expected.items():
        if found[name] != kind:
            raise ModuleRefused(f"policy.onnx: input {name!r} is {found[name]}; the manifest says {kind}")
    if outputs != list(manifest.outputs):
        raise ModuleRefused(f"policy.onnx: outputs {outputs}; {list(manifest.outputs)} is required")
    return session


def _check_names(manifest: Manifest, network: Arrays) -> None:
    sizes = sizes_of(network)
    names = manifest.names
    suppliers = suppliers_of(network)
    if len(names.suppliers) < suppliers:
        raise ModuleRefused(
            f"{MANIFEST}: names.suppliers: {len(names.suppliers)} names; lanes of network.npz start from {suppliers}"
        )
    for key, axis in (("nodes", "N"), ("markets", "M"), ("lanes", "L"), ("skus", "S"), ("units", "U")):
        count, there = len(getattr(names, key)), sizes.get(axis, 0)
        if count != there:
            raise ModuleRefused(f"{MANIFEST}: names.{key}: {count} names; network.npz has {there}")


def _prove(module: InferenceModule, golden: dict[str, NDArray[Any]]) -> None:
    """Run the golden cases again: the graph must answer on this machine what torch answered at export."""
    expected = golden.pop("orders")
    maintenance = golden.pop("maintenance", None)
    manifest = module.manifest
    sizes = {**sizes_of(module.network), "W": manifest.season_entries}
    given = read_snapshot(golden, manifest.snapshot)
    if not given.rows:
        raise ModuleRefused(f"golden.npz: no cases; {REMEDY}")
    checked = check_snapshot(given, manifest.snapshot, sizes, slice(None))
    if checked.usable or not checked.rows.trusted.all():
        reason = next(reasons[0] for reasons in checked.rows.reasons if reasons)
        raise ModuleRefused(f"golden.npz: {reason}; {REMEDY}")
    try:
        answers = module.answer_within(checked.arrays, PROOF_SECONDS)
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ModuleRefused(f"policy.onnx: does not answer the golden cases ({error}); {REMEDY}") from None
    answer = answers["orders"]
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
    if maintenance is not None:
        found = answers["maintenance"]
        if found.shape != maintenance.shape or not (np.abs(found - maintenance) <= GOLDEN_SHARE).all():
            raise ModuleRefused(
                f"golden.npz: on this machine the graph answers another maintenance than it should; {REMEDY}"
            )
