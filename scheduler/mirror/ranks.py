"""Which of two things said of the same holds, whatever order they come in."""

from __future__ import annotations

from typing import NamedTuple


class Rank(NamedTuple):
    """The higher one holds. The digest breaks ties between two that are of one revision and one time."""

    first: int  # a document's revision, or a count's time
    second: int  # a document's time, or a count's revision
    digest: bytes


Amounts = dict[tuple[str, int], int]
"""Millionths of units by document and SKU."""


def add(amounts: dict[tuple[str, int], int], key: tuple[str, int], units: int) -> None:
    """Add millionths; what comes to 0 is forgotten, so that undone is as never done."""
    total = amounts.get(key, 0) + units
    if total:
        amounts[key] = total
    else:
        amounts.pop(key, None)
