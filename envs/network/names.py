"""What is kept by name is joined by name, whatever the order on either side."""

from __future__ import annotations

from collections.abc import Sequence


def places(kept: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Where each of the wanted names stands among those kept; None unless both are the same names."""
    at = {name: place for place, name in enumerate(kept)}
    if len(kept) != len(wanted) or at.keys() != set(wanted):
        return None
    return [at[name] for name in wanted]


def differences(kept: Sequence[str], wanted: Sequence[str], *, named: int = 3) -> str:
    """In words, what one side has and the other lacks; empty if both have the same names.

    Args:
        kept: names in a file.
        wanted: names of the network.
        named: how many of each are spelt out.
    """
    lacks = [name for name in wanted if name not in set(kept)]
    more = [name for name in kept if name not in set(wanted)]
    return "; ".join(
        f"{verb} {', '.join(names[:named])}{f' and {len(names) - named} more' if len(names) > named else ''}"
        for verb, names in (("lacks", lacks), ("has besides", more))
        if names
    )
