"""Places in arrays by the names that they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Names = Mapping[str, Sequence[str]]
"""Names by axis: N, M, L, S. An axis without names, and a name that is empty, isn't known."""
DAYS = "H"


def place_named(place: Sequence[int], axes: Sequence[str], names: Names) -> str:
    """Such as ``yiwu, mug``; the indices, such as ``[0, 1]``, where no name is known.

    Args:
        place: index by axis.
        axes: the letter of each.
        names: by letter.
    """
    called = [
        names[axis][index] if index < len(names.get(axis, ())) else "" for index, axis in zip(place, axes, strict=True)
    ]
    if not any(called):
        return str([int(index) for index in place])
    told = zip(called, place, axes, strict=True)
    return ", ".join(name or (f"day {index}" if axis == DAYS else str(int(index))) for name, index, axis in told)
