"""Modules that people chose while a server ran, in the store: a restart begins with them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from entrepot.agents.inference import InferenceModule
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.writer import Transaction

Part = Literal["decides", "watched"]


class Chosen(NamedTuple):
    """A module by its folder, and in place of which it was chosen."""

    path: str
    digest: str  # of its manifest
    given: str  # digest of the manifest of the module that the start was given


def choose(turn: Transaction, part: Part, module: InferenceModule | None, given: InferenceModule) -> None:
    """Write down what a restart begins with; nothing where that is what it is given anyway.

    Args:
        turn: the writer's.
        part: what it does.
        module: that was chosen; None where none is any more.
        given: with which this server was started.
    """
    turn.connection.execute("DELETE FROM chosen WHERE part = ?", (part,))
    if module is None or module.folder is None:
        return
    own, other = module.versions.manifest_digest, given.versions.manifest_digest
    if part == "watched" or own != other:
        turn.connection.execute(
            "INSERT INTO chosen (part, path, digest, given, made) VALUES (?, ?, ?, ?, ?)",
            (part, module.folder, own, other, turn.now),
        )


def chosen(connection: Connection, part: Part) -> Chosen | None:
    """What was chosen."""
    row = connection.execute("SELECT path, digest, given FROM chosen WHERE part = ?", (part,)).fetchone()
    return None if row is None else Chosen(*row)
