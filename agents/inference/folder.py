"""A module's folder read into memory once: what is checked is what is run."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.errors import ModuleRefused
from entrepot.agents.inference.manifest import FILES, MANIFEST, REMEDY

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin")
ONNX_FIRST_BYTE = b"\x08"
"""An ONNX file is a protobuf whose first field is the version of its format."""


def read_folder(folder: Path) -> dict[str, bytes]:
    """Bytes of each file of a module, by name.

    Raises:
        ModuleRefused: what is missing, or stands there and shouldn't.
    """
    if not folder.is_dir():
        versions = "a folder NAME/VERSION that `entrepot export` wrote"
        raise ModuleRefused(f"{folder}: no such folder; give {versions}")
    found = {entry.name for entry in folder.iterdir()}
    expected = {MANIFEST, *FILES}
    for name in sorted(found - expected):
        if Path(name).suffix in PICKLES:
            raise ModuleRefused(f"{folder / name}: pickles can run code when they are opened, so none may stand here")
        raise ModuleRefused(f"{folder / name}: not part of a module; only {', '.join(sorted(expected))} may stand here")
    for name in sorted(expected - found):
        raise ModuleRefused(f"{folder / name}: missing; {REMEDY}")
    try:
        return {name: (folder / name).read_bytes() for name in sorted(expected)}
    except OSError as error:
        raise ModuleRefused(f"{folder}: can't be read ({error})") from error


def check_digests(files: dict[str, bytes], digests: dict[str, str]) -> None:
    """Compare every file with the SHA-256 that the manifest gives.

    Raises:
        ModuleRefused: the file that differs.
    """
    for name, expected in digests.items():
        actual = hashlib.sha256(files[name]).hexdigest()
        if actual != expected:
            raise ModuleRefused(
                f"{name}: its SHA-256 is {actual[:12]}… and not {expected[:12]}… as in {MANIFEST}: "
                f"it was altered or cut short ({len(files[name])} bytes); {REMEDY}"
            )


def check_onnx(data: bytes) -> None:
    """Refuse what is plainly no ONNX, whatever its name.

    Raises:
        ModuleRefused: with what it looks like.
    """
    if data.startswith((b"\x80", b"PK")):
        raise ModuleRefused("policy.onnx: this is a pickle or a torch checkpoint and not ONNX; export the run instead")
    if not data.startswith(ONNX_FIRST_BYTE):
        raise ModuleRefused(f"policy.onnx: starts with {data[:4]!r}, which no ONNX file does; {REMEDY}")


def read_npz(name: str, data: bytes, keys: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Arrays of an npz, never unpickled.

    Raises:
        ModuleRefused: the file and what is wrong with it.
    """
    expected = set(keys)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModuleRefused(f"{name}: not an npz of plain arrays ({error}); {REMEDY}") from None
    for key in sorted(expected ^ set(arrays)):
        problem = "missing" if key in expected else "unknown"
        raise ModuleRefused(f"{name}: {key}: {problem}; allowed: {', '.join(sorted(expected))}")
    return arrays
