"""A good answer at once: drop, swap and add nodes as long as it helps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from entrepot.scheduler.allocation.problem import Booleans, Problem

MOST_ROUNDS = 100


def improved(problem: Problem, nodes: Booleans, late: Callable[[], bool] = lambda: False) -> tuple[Booleans, float]:
    """The first set of nodes from which no single node added, dropped or swapped helps.

    Args:
        problem: to be answered.
        nodes: [W] to begin with; what they haven't is added first.
        late: whether to end now.
    """
    nodes = _completed(problem, nodes)
    usd = problem.cost(nodes)
    for _ in range(MOST_ROUNDS):
        best, best_usd = nodes, usd
        for change in _changes(nodes):
            if late():
                break
            other = nodes.copy()
            other[change] = ~other[change]
            found = problem.cost(other)
            if found < best_usd - 1e-9:
                best, best_usd = other, found
                if len(change) == 2:
                    break
        if best_usd >= usd:
            break
        nodes, usd = best, best_usd
    return nodes, usd


def _changes(nodes: Booleans) -> list[list[int]]:
    """Single nodes to drop or to add first, then pairs to swap."""
    inside, outside = np.flatnonzero(nodes).tolist(), np.flatnonzero(~nodes).tolist()
    return [[one] for one in inside + outside] + [[one, other] for one in inside for other in outside]


def _completed(problem: Problem, nodes: Booleans) -> Booleans:
    """With nodes added, each time the one that has most of what is missing, until all can be served."""
    nodes, caps = nodes.copy(), problem.caps
    while True:
        missing = problem.units - caps @ nodes
        if (missing <= 1e-9).all():
            return nodes
        helps = np.minimum(caps, np.maximum(missing, 0.0)[:, None]).sum(axis=0)
        nodes[int(np.argmax(np.where(nodes, -1.0, helps)))] = True
