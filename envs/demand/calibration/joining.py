"""Names of a history and names of a network: joined where they are the same, told where they aren't."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from entrepot.configs.loader import ConfigurationError

SHOWN_NAMES = 5
"""How many names a line shows before it only counts."""

SkusBy = Literal["name", "rank"]


def shown(names: Sequence[str]) -> str:
    """The first few names of many."""
    more = f", … ({len(names):,} in all)" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def folded(name: str) -> str:
    """What is left of a name without case, width, spaces, leading zeros and a spreadsheet's `.0`."""
    text = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    return text.lstrip("0") or "0" if text.isdigit() else text


def neighbours(found: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Names that aren't known but are like a known one, with the one that they are like."""
    exact = set(known)
    by_fold = {folded(name): name for name in reversed(known)}
    return {name: by_fold[folded(name)] for name in found if name not in exact and folded(name) in by_fold}


def join_names(
    found: Sequence[str], known: Sequence[str], *, what: str, path: str, similar: Literal["refuse", "join", "apart"]
) -> tuple[list[str], list[str]]:
    """The names found, as the network writes them.

    Args:
        found: names in the history.
        known: names of the network.
        what: `SKU`, `market` or `country`, for the message.
        path: the history, for the message.
        similar: what becomes of a name that is only like a known one.

    Returns:
        A name for each one found; and what a person should be told.

    Raises:
        ConfigurationError: a name is only like a known one, and `similar` is `refuse`.
    """
    near = neighbours(found, known)
    if not near or similar == "apart":
        return list(found), []
    pairs = [f"{name!r} → {other!r}" for name, other in near.items()]
    if similar == "refuse":
        raise ConfigurationError(
            f"{path}: {what} names that are nearly known ones: {shown(pairs)}; write them the same, or say in the "
            "demand YAML similar_names: join or apart"
        )
    return [near.get(name, name) for name in found], [f"{what} names were joined: {shown(pairs)}"]


def choose_join(
    found: Sequence[str], skus: Sequence[str], *, drawn: bool, asked: SkusBy | None, path: str, source: str
) -> SkusBy:
    """Whether SKUs go by name or by rank of sales.

    Args:
        found: the history's SKUs.
        skus: the network's.
        drawn: whether the network's come from a catalogue, whose names are only numbers.
        asked: what the demand YAML says.
        path: the history, for the message.
        source: the demand YAML, for the message.

    Raises:
        ConfigurationError: it can't be told which is meant, or there is no name to go by.
    """
    if asked == "rank":
        return "rank"
    known = {*found, *neighbours(found, skus).values()}
    shared = [name for name in skus if name in known]
    if asked == "name" or 2 * len(shared) >= len(skus):
        if not shared:
            raise ConfigurationError(f"{source}: skus_by: name; but {_lacking(found, skus, shared, path)}")
        return "name"
    if drawn and not shared:
        return "rank"
    raise ConfigurationError(
        f"{source}: {_lacking(found, skus, shared, path)}; name them as the network does, or say skus_by: rank (the "
        "network's first SKU gets the sales of the best-selling one) or skus_by: name (only SKUs named there sell)"
    )


def _lacking(found: Sequence[str], skus: Sequence[str], shared: Sequence[str], path: str) -> str:
    without = [name for name in skus if name not in set(shared)]
    return (
        f"{path} has {len(shared)} of the network's {len(skus)} SKUs by name, not {shown(without)}; "
        f"it has {shown(list(found))}"
    )
