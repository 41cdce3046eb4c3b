"""The root of every error that a person can mend.

This file imports nothing, so that any part of the package may raise what stands under the root.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import ClassVar


class EntrepotError(Exception):
    """Something that a person gave, or the machine it runs on, can't be used; the message says what and why.

    The command line ends each in a line on standard error. Anything else that is raised is a bug.
    """

    exit_code: ClassVar[int] = 2
    """Of the process: 2 where what was given is refused, 1 where work was begun and could not be finished."""


class ConfigurationError(EntrepotError, ValueError):
    """What a person wrote can't be used; the message says where, what, and what is allowed."""


ENVIRONMENT = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.EMFILE,
        errno.ENFILE,
        errno.EIO,
        errno.ESTALE,
    }
)
"""Of an `OSError`: a disk that is full, a folder that can't be written, a path that is a file; nobody's bug."""


def told_of_files(error: OSError) -> str | None:
    """One line on trouble with a file that a person can mend; None where it is no such trouble."""
    if error.errno not in ENVIRONMENT:
        return None
    place = f"{error.filename}: " if error.filename is not None else ""
    return f"{place}{error.strerror}"


def cannot_write(path: Path, error: OSError, key: str | None = None) -> ConfigurationError:
    """The error to raise where a file can't be written.

    Args:
        path: of the file or folder.
        error: what the system said.
        key: the option or key that gave the path.
    """
    place = f"{key}: " if key else ""
    return ConfigurationError(f"{place}{str(path)!r} can't be written: {error.strerror or error}")
