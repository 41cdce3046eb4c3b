"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from entrepot.configs.errors import cannot_write


def refuse_unwritable(path: Path | None, key: str) -> None:
    """Say before hours of work, not after, that a file can't be written.

    Args:
        path: of the file, in folders that may not be there yet; nothing is checked if None.
        key: the option or key that gave the path.

    Raises:
        ConfigurationError: a folder on the way is a file, or may not be written to.
    """
    if path is None:
        return
    folder = path.parent
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except OSError as error:
        raise cannot_write(path, error, key) from error


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file by way of a temporary one in the same folder, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
