"""Ways to give SKUs their positions: each SKU as many as its stock takes, of those that may take it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.columns import Integers
from entrepot.envs.network.slotting.stock import Slotting, Stock

CLASS_EDGES = (0.2, 0.5)
"""The first fifth of positions is class A's, up to half of them B's, the rest C's: usual edges, an assumption."""
MOST_CELLS = 2_000_000
"""Of SKUs times groups of positions, in an assignment."""


def slotted(stock: Stock, method: str, *, seed: int = 0) -> Slotting:
    """Give every SKU its positions.

    Args:
        stock: what is stored.
        method: of `SLOTTINGS`.
        seed: of the random one, and of the order within a class.

    Raises:
        ConfigurationError: there is no such method, or the assignment is too large.
    """
    if method not in SLOTTINGS:
        raise ConfigurationError(f"slotting: {method!r}; allowed: {', '.join(SLOTTINGS)}")
    sku_at = SLOTTINGS[method](stock, np.random.default_rng(seed))
    placed = np.bincount(sku_at[sku_at >= 0], minlength=len(stock.slots))
    unfit = (stock.cartons_a_position == 0) & (stock.cartons > 0)
    return Slotting(method, sku_at, stock.slots - placed, unfit)


def at_random(stock: Stock, rng: np.random.Generator) -> Integers:
    """[P] each SKU anywhere that takes it."""
    return _in_turn(stock, rng.permutation(len(stock.slots)), rng.permutation(len(stock.positions)))


def class_based(stock: Stock, rng: np.random.Generator) -> Integers:
    """[P] SKUs by turnover, positions by walk; within each of three classes of positions at random."""
    order = np.argsort(stock.positions.walk_m, kind="stable")
    edges = [round(share * len(order)) for share in CLASS_EDGES]
    positions = np.concatenate([rng.permutation(part) for part in np.split(order, edges)])
    return _in_turn(stock, np.argsort(-stock.lines_share, kind="stable"), positions)


def cube_per_order(stock: Stock, rng: np.random.Generator) -> Integers:
    """[P] the SKU with the least space for its lines gets the nearest positions (Heskett 1963)."""
    index = stock.slots / np.maximum(stock.lines_share, 1e-300)
    return _in_turn(stock, np.argsort(index, kind="stable"), np.argsort(stock.positions.walk_m, kind="stable"))


def assignment(stock: Stock, rng: np.random.Generator) -> Integers:
    """[P] with the least mean walk where each order visits one position: a transport problem, solved by HiGHS.

    Positions that are alike in walk, size, load and types are one destination with as much room as there are of them;
    its vertices are whole. Where there isn't room for all, as little as can be is left over.

    Raises:
        ConfigurationError: too many SKUs and positions.
    """
    from scipy.optimize import linprog  # in entrepot[train]
    from scipy.sparse import coo_array

    kind = stock.positions.kinds[0]
    keys = np.column_stack([kind, np.round(stock.positions.walk_m, 9)])
    group_key, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    room = np.bincount(group)
    skus, groups = len(stock.slots), len(room)
    sku, place = np.nonzero(stock.offered[:, group_key[:, 0].astype(np.int64)] & (stock.slots[:, None] > 0))
    if len(sku) > MOST_CELLS:
        raise ConfigurationError(
            f"slotting: assignment of {skus:,} SKUs to {groups:,} groups of positions has {len(sku):,} cells; "
            f"allowed: up to {MOST_CELLS:,}; cube_per_order takes any number"
        )
    weight = stock.lines_share / np.maximum(stock.slots, 1)
    # The solver's tolerance is absolute: costs are scaled to where it means nothing.
    weight = weight / max(weight.min(), 1e-6 * weight.max(), 1e-300)
    each = weight[sku] * group_key[place, 1]
    # The last columns leave a SKU out, at a higher cost than any place's, so only where there is no room.
    cost = np.concatenate([each, np.full(skus, 10 * each.max(initial=1.0)) + weight])
    columns = len(cost)
    rows = np.concatenate([sku, np.arange(skus), skus + place])
    cells = np.concatenate([np.arange(len(sku)), len(sku) + np.arange(skus), np.arange(len(sku))])
    table = coo_array((np.ones(len(rows)), (rows, cells)), shape=(skus + groups, columns)).tocsr()
    solved = linprog(
        cost,
        A_eq=table[:skus],
        b_eq=stock.slots,
        A_ub=table[skus:],
        b_ub=room,
        bounds=(0, None),
        method="highs-ds",
        options={"dual_feasibility_tolerance": 1e-10, "primal_feasibility_tolerance": 1e-10},
    )
    if solved.status != 0:
        raise ConfigurationError(f"slotting: the assignment was not solved: {solved.message}")
    given = np.rint(solved.x[: len(sku)]).astype(np.int64)
    sku_at = np.full(len(stock.positions), -1)
    chosen = given > 0
    order = np.lexsort((sku[chosen], place[chosen]))
    takes = np.repeat(sku[chosen][order], given[chosen][order])
    into = np.repeat(place[chosen][order], given[chosen][order])
    by_group = np.argsort(group, kind="stable")
    first = np.concatenate([[0], np.cumsum(room)[:-1]])
    # The how-manieth of its group each one is.
    nth = np.arange(len(into)) - np.searchsorted(into, into)
    sku_at[by_group[first[into] + nth]] = takes
    return sku_at


SLOTTINGS: dict[str, Callable[[Stock, np.random.Generator], Integers]] = {
    "random": at_random,
    "class_based": class_based,
    "cube_per_order": cube_per_order,
    "assignment": assignment,
}
"""By name."""


def _in_turn(stock: Stock, skus: Integers, positions: Integers) -> Integers:
    """[P] SKUs in one order take positions in another, each the first ones that are free and take it."""
    kind = stock.positions.kinds[0][positions]
    sku_at = np.full(len(positions), -1)
    free = np.ones(len(positions), dtype=np.bool_)
    for sku in skus:
        wanted = stock.slots[sku]
        if wanted == 0:
            continue
        found = np.flatnonzero(free & stock.offered[sku][kind])[:wanted]
        free[found] = False
        sku_at[positions[found]] = sku
    return sku_at
