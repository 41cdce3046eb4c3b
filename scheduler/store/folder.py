"""The folder of a store: held by one server at a time, read by anybody."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from types import TracebackType

from entrepot.configs.errors import ConfigurationError, EntrepotError
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.schema import prepare

DATABASE = "entrepot.sqlite"
LOCK = "lock"
MIRROR = "mirror.msgpack"


class StoreError(EntrepotError):
    """The store can't be written or read; nothing was acknowledged."""

    exit_code = 1


class Hold:
    """The only right to write in a folder, until it is let go of or the process ends."""

    def __init__(self, folder: Path) -> None:
        """Take it.

        Args:
            folder: is made if it isn't there.

        Raises:
            ConfigurationError: another process has it, or the folder can't be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.read(self._handle, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._handle)
            raise ConfigurationError(
                f"--data: {str(folder)!r} is held by another process ({who}); allowed: one at a time"
            ) from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def connect_to_write(folder: Path, store: str | None = None) -> Connection:
    """The one connection that writes and checkpoints; who opens it must have the folder's `Hold`.

    Args:
        folder: of the store.
        store: as `connect_to_read`.
    """
    if store is not None:
        return _postgresql(store, writes=True)
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(folder: Path, store: str | None = None) -> Connection:
    """A connection that can't write; there may be many.

    Args:
        folder: of the store.
        store: URL of a PostgreSQL database that holds it in place of a file in the folder.

    Raises:
        ConfigurationError: there is no store in the folder.
    """
    return open_file(folder) if store is None else _postgresql(store, writes=False)


def open_file(folder: Path) -> sqlite3.Connection:
    """The file in a folder, to read.

    Raises:
        ConfigurationError: there is none.
    """
    path = folder / DATABASE
    if not path.is_file():
        raise ConfigurationError(
            f"--data: {str(folder)!r} holds no store; `entrepot serve` or `entrepot import` makes one"
        )
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )


def _postgresql(url: str, *, writes: bool) -> Connection:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(f"--store: {url.partition(':')[0]!r}; allowed: postgresql://…")
    from entrepot.scheduler.store.postgresql import PostgreSQL

    return PostgreSQL(url, writes=writes)
