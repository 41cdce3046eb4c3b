"""The answer: nearest node, search, bound, then HiGHS from the best start, all within a cap on time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import highspy
import numpy as np
from numpy.typing import NDArray

from entrepot.scheduler.allocation.bound import Bound, bounded, may_ship
from entrepot.scheduler.allocation.problem import Booleans, Floats, Problem
from entrepot.scheduler.allocation.search import improved

CAP_SECONDS = 1.5
MOST_NODES = 44
"""Left to HiGHS; more than these only where they can't be told to be of no use, and then those that promise most."""
MOST_PASSES = 3
PROVED = 1e-9
"""A share of the cost that is nothing but rounding."""
LEAST_SECONDS = 0.1
"""With less left HiGHS is not begun, as it looks at the time only now and then."""
REST_SHARE = 0.1
"""Of the cap, kept for what HiGHS is over by and for what comes after it."""
SEARCH_SHARE = 0.3
"""Of the time that there is, for search before HiGHS."""


@dataclass(frozen=True)
class Answer:
    """How an order is served."""

    shipped: Floats  # [L, W] units
    usd: float
    bound_usd: float  # no answer costs less
    nearest_usd: float  # where every line goes to the nearest node that has it
    seconds: float

    @property
    def gap(self) -> float:
        """By how much of its cost it may be dearer than the best there is; 0 where that is proved."""
        return max(self.usd - self.bound_usd, 0.0) / max(abs(self.usd), 1e-9)


def solved(problem: Problem, cap_seconds: float = CAP_SECONDS) -> Answer:
    """Serve an order at the least cost that is found within a cap, with a bound that holds.

    Args:
        problem: what is to be served, all of which can be.
        cap_seconds: for all of it; HiGHS is told to end a tenth before, as it looks at the time only now and then.
    """
    begun = time.monotonic()
    until = begun + (1 - REST_SHARE) * cap_seconds
    late = partial(_is_late, begun + SEARCH_SHARE * cap_seconds)
    near = problem.nearest()
    quick = _at_once if near.shape[1] > MOST_NODES else late
    nodes, usd = improved(problem, np.logical_or.reduce(near > 0, axis=0), quick)
    bound_usd = -np.inf
    for _ in range(MOST_PASSES):
        before = usd
        bound = bounded(problem, usd)
        bound_usd = max(bound_usd, min(bound.usd, usd))
        for start in bound.seen[-3:]:
            nodes, usd = _better((nodes, usd), improved(problem, start, quick))
        if usd - bound_usd <= PROVED * abs(usd):
            break
        kept, whole = _kept(bound, nodes, usd)
        places = np.flatnonzero(kept)
        left = problem.among(places)
        if len(places) < len(nodes):
            smaller, smaller_usd = improved(left, nodes[places], late)
            nodes, usd = _better((nodes, usd), (_back(smaller, places, len(nodes)), smaller_usd))
        found, its_bound = _by_highs(left, nodes[places], until)
        if whole:
            # What was left out is in no better answer, so the best there is, is this one or among what is left.
            bound_usd = max(bound_usd, min(its_bound, usd))
        if found is not None:
            nodes, usd = _better((nodes, usd), (_back(found, places, len(nodes)), left.cost(found)))
        if whole or usd >= before:  # a better answer leaves fewer nodes of use; without one nothing would change
            break
    shipped = problem.filled(nodes)
    usd = problem.cost_of(shipped)
    return Answer(shipped, usd, min(bound_usd, usd), problem.cost_of(near), time.monotonic() - begun)


def _better(one: tuple[Booleans, float], other: tuple[Booleans, float]) -> tuple[Booleans, float]:
    return other if other[1] < one[1] - 1e-12 else one


def _kept(bound: Bound, nodes: Booleans, usd: float) -> tuple[Booleans, bool]:
    """[W] what HiGHS is to choose from, and whether that is all of which a better answer could be."""
    useful = may_ship(bound, usd) | nodes
    if useful.sum() <= MOST_NODES:
        return useful, True
    promising = np.argsort(np.where(nodes, -np.inf, bound.gain), kind="stable")[:MOST_NODES]
    kept = np.zeros_like(useful)
    kept[promising] = True
    return kept & useful, False


def _by_highs(problem: Problem, start: Booleans, until: float) -> tuple[Booleans | None, float]:
    """Nodes that ship, and a bound; None where nothing was found in time, `until` a moment of the monotonic clock."""
    if until - time.monotonic() <= LEAST_SECONDS:
        return None, -np.inf
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 1e-6)):
        highs.setOptionValue(option, value)
    lines, ways = np.nonzero(problem.caps > 0)
    highs.passModel(_model(problem, lines, ways))
    solution = highspy.HighsSolution()
    solution.col_value = np.concatenate([start.astype(np.float64), problem.filled(start)[lines, ways]])
    highs.setSolution(solution)
    seconds = until - time.monotonic()  # asked here, as the model took a while to make
    if seconds <= LEAST_SECONDS:
        return None, -np.inf
    highs.setOptionValue("time_limit", seconds)
    highs.run()
    info = highs.getInfo()
    bound = float(info.mip_dual_bound)
    if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        bound = max(bound, float(info.objective_function_value) * (1 - 1e-6))
    values = np.asarray(highs.getSolution().col_value)
    found = values[: len(start)] > 0.5 if len(values) else None
    return found, bound


def _model(problem: Problem, lines: NDArray[np.int64], ways: NDArray[np.int64]) -> highspy.HighsLp:
    """Columns: whether each node ships, then units by line and node. Rows: each line is served; who ships, ships."""
    count, nodes, served = len(lines), len(problem.shipment_usd), len(problem.units)
    caps = problem.caps[lines, ways]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = nodes + count, served + count
    model.col_cost_ = np.concatenate([problem.shipment_usd, problem.usd[lines, ways]])
    model.col_lower_ = np.zeros(nodes + count)
    model.col_upper_ = np.concatenate([np.ones(nodes), caps])
    model.row_lower_ = np.concatenate([problem.units, np.full(count, -np.inf)])
    model.row_upper_ = np.concatenate([problem.units, np.zeros(count)])
    columns = nodes + np.arange(count)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    each = np.bincount(lines, minlength=served)
    starts = np.concatenate([[0], np.cumsum(each), each.sum() + 2 * np.arange(1, count + 1)])
    model.a_matrix_.start_ = starts.astype(np.int32)
    pairs = np.stack([ways, columns], axis=1).ravel()
    model.a_matrix_.index_ = np.concatenate([columns, pairs]).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate([np.ones(count), np.stack([-caps, np.ones(count)], axis=1).ravel()])
    integer, continuous = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    model.integrality_ = [integer] * nodes + [continuous] * count
    return model


def _back(nodes: Booleans, places: NDArray[np.int64], count: int) -> Booleans:
    found = np.zeros(count, np.bool_)
    found[places] = nodes
    return found


def _is_late(until: float) -> bool:
    return time.monotonic() > until


def _at_once() -> bool:
    """Where there are too many nodes to try each: only what is missing is added."""
    return True
