"""Mirrors as earlier versions of the code kept them.

A base outlives the events that it stands for, so a store can only be opened by code that reads its base: every format
that was ever released is read here for good. Whoever changes what a mirror keeps raises `FORMAT` and adds the step from
the one before; a test holds a base of each format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.mirror.mirror import FORMAT, Dump

OLDEST = 4
"""The first that bases were written in by a version that anybody may have."""
STEPS: Mapping[int, Callable[[Any], Any]] = {4: lambda found: found}  # before anybody told what was sold out
"""By format: what msgpack holds of it, as the next format has it."""


class FormatError(ConfigurationError):
    """What was kept is of a format that this code doesn't read."""


def read_dump(kept: bytes, form: int, written_by: str = "") -> Dump:
    """What a mirror of some format held.

    Args:
        kept: its msgpack.
        form: its format.
        written_by: the version of entrepot that did, if it is known.

    Raises:
        FormatError: it is of a format that isn't read; which version reads it.
    """
    if not OLDEST <= form <= FORMAT:
        by = f" ({written_by})" if written_by else ""
        raise FormatError(
            f"is of format {form}; this code reads {OLDEST} to {FORMAT}: use the version that wrote it{by}"
        )
    if form == FORMAT:
        return msgspec.msgpack.decode(kept, type=Dump)
    found = msgspec.msgpack.decode(kept)
    for step in range(form, FORMAT):
        found = STEPS[step](found)
    return msgspec.convert(found, Dump)
