"""Output on terminals and pipes that know fewer characters than names have."""

from __future__ import annotations

import codecs
import io
import sys

HANDLER = "entrepot.nearest"
_NEAREST = {
    "→": "->",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "·": "-",
    "×": "x",
    "²": "2",
    "³": "3",
    "₂": "2",
    "’": "'",
    "“": '"',
    "”": '"',
    "≥": ">=",
    "≤": "<=",
}
"""What the commands' own words are made of; names are never spelt otherwise, but by the numbers of their characters."""


def print_what_can_be() -> None:
    """Have standard output and error print what their encoding lacks in another way, and not fail on it."""
    codecs.register_error(HANDLER, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=HANDLER)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    spelt = _NEAREST.get(character, character.encode("ascii", "backslashreplace").decode("ascii"))
    return spelt, error.start + 1
