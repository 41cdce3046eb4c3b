"""From the store to the mirror: the mirror that was kept and what came after it, or else the whole log."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from entrepot import __version__
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import write_atomically
from entrepot.scheduler.mirror.formats import FormatError, read_dump
from entrepot.scheduler.mirror.mirror import FORMAT, Mirror
from entrepot.scheduler.mirror.renumbering import Axes, renumbered
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.folder import MIRROR
from entrepot.scheduler.store.log import replay
from entrepot.scheduler.store.port import Connection

log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True):
    """A mirror in a file."""

    format: int
    places: str  # digest of the network and its zones
    position: int
    last: bytes  # digest of the event at the position
    digest: str  # of the dump
    dump: msgspec.Raw


class Base(msgspec.Struct, frozen=True):
    """A mirror in the store, from which the log goes on; by names, as a network may have more of them later."""

    format: int
    nodes: list[str]
    markets: list[str]
    lanes: list[str]
    skus: list[str]
    digest: str  # of the dump
    dump: msgspec.Raw
    written_by: str = ""  # version of entrepot


@dataclass(frozen=True)
class Recovery:
    """How a mirror came to be."""

    position: int
    kept: int  # position of the mirror that was kept; 0 where the whole log was folded
    replayed: int
    why: str | None = None  # the mirror that was kept wasn't used


class Packed(NamedTuple):
    """A mirror as of one moment, to be kept; what is left to do of it may take its time."""

    places: str
    position: int
    last: bytes
    dump: bytes

    def keep(self, folder: Path) -> None:
        """Write it beside its log, so that a restart needn't fold all of it."""
        kept = Kept(
            format=FORMAT,
            places=self.places,
            position=self.position,
            last=self.last,
            digest=hashlib.sha256(self.dump).hexdigest(),
            dump=msgspec.Raw(self.dump),
        )
        write_atomically(folder / MIRROR, msgspec.msgpack.encode(kept))


def packed(connection: Connection, mirror: Mirror) -> Packed:
    """A mirror as it is now."""
    last = _digest_at(connection, mirror.position) or b""
    return Packed(mirror.places.digest, mirror.position, last, msgspec.msgpack.encode(mirror.dump()))


def recover(connection: Connection, folder: Path, places: Places) -> tuple[Mirror, Recovery]:
    """The mirror of everything in the log.

    A kept mirror that is damaged, of another network, zone or version, or of a log that isn't this one is not used:
    the log alone decides.
    """
    mirror, why = _kept(connection, folder, places)
    if why is not None:
        log.warning("the kept mirror is not used: %s; the whole log is folded", why)
    newest = connection.execute("SELECT max(position) FROM bases").fetchone()[0] or 0
    if newest and mirror.position <= newest:
        mirror = _begun(connection, places, newest)
    kept = mirror.position
    replayed = replay(connection, mirror)
    return mirror, Recovery(mirror.position, kept, replayed, why)


def folded(connection: Connection, places: Places, until: int | None = None) -> Mirror:
    """The mirror of the log alone, from its latest base on.

    Args:
        connection: to read with.
        places: of the network.
        until: the last position; all of the log if None.

    Raises:
        ConfigurationError: what came before is no longer kept, or the network no longer has what it names.
    """
    last = 2**62 if until is None else until
    base = connection.execute("SELECT max(position) FROM bases WHERE position <= ?", (last,)).fetchone()[0]
    mirror = Mirror(places) if base is None else _begun(connection, places, base)
    replay(connection, mirror, until)
    return mirror


def add_base(connection: Connection, mirror: Mirror, now: int) -> None:
    """Write a mirror down as a base, within a transaction of the caller's.

    Args:
        connection: that writes.
        mirror: as of the last commit.
        now: microseconds since 1970-01-01 UTC.
    """
    dump, arrays = msgspec.msgpack.encode(mirror.dump()), mirror.places.names.arrays
    base = Base(
        format=FORMAT,
        nodes=list(arrays.nodes),
        markets=list(arrays.markets),
        lanes=list(arrays.lanes),
        skus=list(arrays.skus),
        digest=hashlib.sha256(dump).hexdigest(),
        dump=msgspec.Raw(dump),
        written_by=__version__,
    )
    connection.execute(
        "INSERT INTO bases (position, made, kept) VALUES (?, ?, ?) "
        "ON CONFLICT (position) DO UPDATE SET kept = excluded.kept",
        (mirror.position, now, msgspec.msgpack.encode(base)),
    )


def _begun(connection: Connection, places: Places, position: int) -> Mirror:
    """From a base; where this code can't read it, from the log, if that still has what came before.

    Raises:
        ConfigurationError: neither can be read; what is to be done.
    """
    try:
        return _based(connection, places, position)
    except FormatError as error:
        first = connection.execute("SELECT body FROM events ORDER BY position LIMIT 1").fetchone()
        if first is None or not first[0]:
            raise ConfigurationError(
                f"store: its base {error}, as the events before it are no longer kept; nothing was changed"
            ) from error
        log.warning(
            "the base at position %d is not used, as it %s; the log still has what came before", position, error
        )
        return Mirror(places)


def _based(connection: Connection, places: Places, position: int) -> Mirror:
    row = connection.execute("SELECT kept FROM bases WHERE position = ?", (position,)).fetchone()
    base = msgspec.msgpack.decode(row[0], type=Base)
    if hashlib.sha256(base.dump).hexdigest() != base.digest:
        raise ConfigurationError(f"store: the base at position {position} was altered; restore a backup")
    arrays = places.names.arrays
    before = Axes(base.nodes, base.markets, base.lanes, base.skus)
    now = Axes(list(arrays.nodes), list(arrays.markets), list(arrays.lanes), list(arrays.skus))
    mirror = Mirror(places, renumbered(read_dump(bytes(base.dump), base.format, base.written_by), before, now))
    mirror.position = position
    return mirror


def _kept(connection: Connection, folder: Path, places: Places) -> tuple[Mirror, str | None]:
    path = folder / MIRROR
    if not path.is_file():
        return Mirror(places), None
    try:
        kept = msgspec.msgpack.decode(path.read_bytes(), type=Kept)
        if kept.places != places.digest:
            return Mirror(places), "the network or its zones have changed"
        if hashlib.sha256(kept.dump).hexdigest() != kept.digest:
            return Mirror(places), "it was altered"
        if _digest_at(connection, kept.position) != kept.last:
            return Mirror(places), "it is not of this log"
        mirror = Mirror(places, read_dump(bytes(kept.dump), kept.format))
    except FormatError as error:
        return Mirror(places), f"it {error}"
    except (OSError, msgspec.MsgspecError) as error:
        return Mirror(places), f"it can't be read ({error})"
    mirror.position = kept.position
    return mirror, None


def _digest_at(connection: Connection, position: int) -> bytes | None:
    row = connection.execute("SELECT digest FROM events WHERE position = ?", (position,)).fetchone()
    return None if row is None else bytes(row[0])
