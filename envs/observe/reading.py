"""Parts of a snapshot that are made only for those who say that they read them."""

from __future__ import annotations

from enum import StrEnum


class Costly(StrEnum):
    """A part of a snapshot that takes longer to make than all the others together."""

    ARRIVING = "arriving"
    PIPELINE = "pipeline"
    WEEKS = "weeks"


NOTHING_COSTLY: frozenset[Costly] = frozenset()
EVERYTHING: frozenset[Costly] = frozenset(Costly)
