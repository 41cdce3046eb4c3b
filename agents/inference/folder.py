"""A module's folder read into memory once: what is checked is what is run."""

from __future__ import annotations

import hashlib
import io
import math
import os
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.errors import ModuleRefused
from entrepot.agents.inference.json_reader import MANIFEST, REMEDY
from entrepot.agents.inference.manifest import FILES

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin")
ONNX_FIRST_BYTE = b"\x08"
"""An ONNX file is a protobuf whose first field is the version of its format."""
MIB = 2**20
MOST_BYTES = {MANIFEST: 64 * MIB, "fallback.json": 256 * MIB}
MOST_FILE_BYTES = 1024 * MIB
"""Of any other file, packed or unpacked."""


def read_folder(folder: Path) -> dict[str, bytes]:
    """Bytes of each file of a module, by name; plain files only, so that none is waited for.

    Raises:
        ModuleRefused: what is missing, or stands there and shouldn't.
    """
    if not folder.is_dir():
        versions = "a folder NAME/VERSION that `entrepot export` wrote"
        raise ModuleRefused(f"{folder}: no such folder; give {versions}")
    try:
        _check_entries(folder)
        files = {name: _read_file(folder / name) for name in sorted({MANIFEST, *FILES})}
        _check_entries(folder)
    except OSError as error:
        raise ModuleRefused(f"{folder}: can't be read ({error})") from error
    return files


def _check_entries(folder: Path) -> None:
    with os.scandir(folder) as entries:
        found = {entry.name for entry, _ in zip(entries, range(1000), strict=False)}
    expected = {MANIFEST, *FILES}
    for name in sorted(found - expected):
        if Path(name).suffix in PICKLES:
            raise ModuleRefused(f"{folder / name}: pickles can run code when they are opened, so none may stand here")
        raise ModuleRefused(f"{folder / name}: not part of a module; only {', '.join(sorted(expected))} may stand here")
    for name in sorted(expected - found):
        raise ModuleRefused(f"{folder / name}: missing; {REMEDY}")


def _read_file(path: Path) -> bytes:
    """A plain file, by the descriptor that was checked; neither a link, nor a pipe, nor one that grows meanwhile."""
    most = MOST_BYTES.get(path.name, MOST_FILE_BYTES)
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ModuleRefused(f"{path}: not a plain file; links, pipes, devices and folders are refused")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ModuleRefused(f"{path}: not a plain file; links, pipes, devices and folders are refused")
        if found.st_size > most:
            raise ModuleRefused(f"{path}: {found.st_size:,} bytes; at most {most:,} are read")
        data = stream.read(found.st_size + 1)
    if len(data) != found.st_size:
        raise ModuleRefused(f"{path}: changed while it was read; load it again when nobody writes to it")
    return data


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
    """Arrays of an npz, never unpickled; what they would take is known before any is unpacked.

    Raises:
        ModuleRefused: the file and what is wrong with it.
    """
    expected = set(keys)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            names = [member.filename.removesuffix(".npy") for member in members]
            for key in sorted(expected ^ set(names)):
                problem = "missing" if key in expected else "unknown"
                raise ModuleRefused(f"{name}: {key}: {problem}; allowed: {', '.join(sorted(expected))}")
            if len(names) != len(expected):
                raise ModuleRefused(f"{name}: an array stands twice; {REMEDY}")
            unpacked = sum(member.file_size for member in members)
            if unpacked > MOST_FILE_BYTES:
                raise ModuleRefused(f"{name}: {unpacked:,} bytes unpacked; at most {MOST_FILE_BYTES:,} are read")
            return {
                key: _array(name, key, archive.open(member).read(member.file_size + 1), member.file_size)
                for key, member in zip(names, members, strict=True)
            }
    except ModuleRefused:
        raise
    except Exception as error:  # zipfile, zlib and NumPy's reader of headers have no common base
        raise ModuleRefused(f"{name}: not an npz of plain arrays ({error}); {REMEDY}") from None


def _array(name: str, key: str, data: bytes, size: int) -> NDArray[Any]:
    """One array of the size that its header says."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, column_major, kind = read_header(stream)
    if kind.kind not in "fiub":
        raise ModuleRefused(f"{name}: {key}: is of type {kind}; figures are required")
    if len(data) != size or math.prod(shape) * kind.itemsize != size - stream.tell() or min(shape, default=1) < 0:
        raise ModuleRefused(f"{name}: {key}: says it has shape {list(shape)} and holds another size; {REMEDY}")
    return np.frombuffer(data, kind, offset=stream.tell()).reshape(shape, order="F" if column_major else "C")
