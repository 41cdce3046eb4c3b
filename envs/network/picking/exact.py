"""The shortest tour of a pick list in parallel aisles, by Ratliff and Rosenthal (1983).

"Order-picking in a rectangular warehouse: a solvable case of the traveling salesman problem", Operations Research
31(3). Aisles are taken from left to right. What a partial tour may still become hangs on three things only: whether an
even or odd number of its ways ends at the aisle's back, at its front, and into how many parts it falls: seven classes.
Within an aisle there are six ways to go, between two aisles five. All lists are solved at once.
"""

from __future__ import annotations

import numpy as np

from entrepot.envs.network.columns import Floats
from entrepot.envs.network.picking.aisles import PickedAisles

_STATES = ("UU1", "0E1", "E01", "EE1", "EE2", "000", "001")
"""Ways at the back, ways at the front (0 none, E even, U odd), parts."""
_AT = {name: number for number, name in enumerate(_STATES)}

# What a state becomes by each way to go within an aisle (the paper's table 1).
_THROUGH = {"UU1": "EE1", "0E1": "UU1", "E01": "UU1", "EE1": "UU1", "EE2": "UU1", "000": "UU1"}
_FROM_FRONT = {"UU1": "UU1", "0E1": "0E1", "E01": "EE2", "EE1": "EE1", "EE2": "EE2", "000": "0E1"}
_FROM_BACK = {"UU1": "UU1", "0E1": "EE2", "E01": "E01", "EE1": "EE1", "EE2": "EE2", "000": "E01"}
_FROM_BOTH = {"UU1": "UU1", "0E1": "EE2", "E01": "EE2", "EE1": "EE1", "EE2": "EE2", "000": "EE2"}
_TWICE = {"UU1": "UU1", "0E1": "EE1", "E01": "EE1", "EE1": "EE1", "EE2": "EE1", "000": "EE1"}
_NOT_AT_ALL = {name: name for name in _STATES}
_WITHIN = (_THROUGH, _FROM_FRONT, _FROM_BACK, _FROM_BOTH, _TWICE, _NOT_AT_ALL)

# What it becomes by the ways to the next aisle (table 2), with how many of them there are.
_BETWEEN = (
    (2, {"UU1": "UU1"}),  # one at the back, one at the front
    (2, {"E01": "E01", "EE1": "E01"}),  # two at the back
    (2, {"0E1": "0E1", "EE1": "0E1"}),  # two at the front
    (4, {"EE1": "EE1", "EE2": "EE2"}),  # two at both
    (
        0,
        {"0E1": "001", "E01": "001", "EE1": "001", "000": "000", "001": "001"},
    ),  # none: the tour is whole, or not begun
)
_WHOLE = [_AT[name] for name in ("0E1", "E01", "EE1", "001")]


def exact(picked: PickedAisles) -> Floats:
    """[Q] m of the shortest tours from the depot past all picks and back."""
    lists, aisles = picked.visited.shape
    # The depot is a pick at the front, in an aisle of its own that nobody walks.
    place = int(np.searchsorted(picked.x, picked.depot_x))
    x = np.insert(picked.x, place, picked.depot_x)
    cost = np.full((lists, len(_STATES)), np.inf)
    cost[:, _AT["000"]] = 0.0
    for column in range(aisles + 1):
        if column:
            cost = _moved(cost, [(ways * (x[column] - x[column - 1]), table) for ways, table in _BETWEEN])
        within = _depot(lists) if column == place else _ways(picked, column - (column > place))
        cost = _moved(cost, list(zip(within, _WITHIN, strict=True)))
    found: Floats = cost[:, _WHOLE].min(axis=1)
    return np.where(picked.count > 0, found, 0.0)


def _ways(picked: PickedAisles, aisle: int) -> tuple[Floats, ...]:
    """[Q] m of each way to go within an aisle, in the order of `_WITHIN`; infinite where it leaves a pick out."""
    length = np.full(len(picked.visited), picked.length_m)
    return (
        length,
        2 * picked.farthest[:, aisle],
        2 * (picked.length_m - picked.nearest[:, aisle]),
        2 * (picked.length_m - picked.largest_gap[:, aisle]),
        2 * length,
        np.where(picked.visited[:, aisle], np.inf, 0.0),
    )


def _depot(lists: int) -> tuple[Floats, ...]:
    never, free = np.full(lists, np.inf), np.zeros(lists)
    return never, free, never, never, never, never


def _moved(cost: Floats, moves: list[tuple[Floats | float, dict[str, str]]]) -> Floats:
    after = np.full_like(cost, np.inf)
    for metres, table in moves:
        for before, then in table.items():
            column = _AT[then]
            np.minimum(after[:, column], cost[:, _AT[before]] + metres, out=after[:, column])
    return after
