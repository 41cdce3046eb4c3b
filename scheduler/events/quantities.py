"""Units as whole numbers of millionths, so that sums are exact and in any order the same."""

from __future__ import annotations

import re

MILLION = 1_000_000
MOST_UNITS = 10**12
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,6})?")

Units = int | str
"""On the wire: a whole number or, where goods are divisible, decimal text such as "12.5"; never a binary fraction."""


class NotUnitsError(ValueError):
    """What was given is no number of units; the message says what is allowed."""


def millionths(units: Units, *, divisible: bool) -> int:
    """Units in millionths.

    Args:
        units: as they stand in an event.
        divisible: whether the network's goods are measured, so that decimal text is read.

    Raises:
        NotUnitsError: it can't be read, or isn't whole where it must be.
    """
    if isinstance(units, int):
        if abs(units) > MOST_UNITS:
            raise NotUnitsError(f"{units}; allowed: up to {MOST_UNITS:,} units")
        return units * MILLION
    if not _DECIMAL.fullmatch(units):
        raise NotUnitsError(
            f'{units!r}; allowed: a whole number, or decimal text such as "12.5" with 6 decimals at most'
        )
    whole, _, decimals = units.lstrip("-").partition(".")
    found = int(whole) * MILLION + int(decimals.ljust(6, "0"))
    if not divisible and found % MILLION:
        raise NotUnitsError(f"{units!r}; allowed: whole units (the network's goods are not divisible)")
    return -found if units.startswith("-") else found
