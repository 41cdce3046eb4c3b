from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.scheduler.allocation.bound import bounded, may_ship
from entrepot.scheduler.allocation.problem import Problem
from entrepot.scheduler.allocation.solve import solved


def drawn(seed: int, lines: int, nodes: int, share: float = 0.6) -> Problem:
    """Made up: freight by distance, stock that is here and there, a fixed cost that makes splitting a question."""
    random = np.random.default_rng(seed)
    km = 3000 * random.random(nodes)
    usd = np.exp(random.normal(0, 0.7, (lines, 1))) * (0.4 + 0.0006 * km) + 0.5 * random.random((lines, nodes))
    free = (random.random((lines, nodes)) < share) * random.integers(1, 11, (lines, nodes)).astype(float)
    wanted = random.integers(1, 8, lines).astype(float)
    return Problem.of(wanted, free, usd, np.full(nodes, random.choice([2.0, 5.0, 10.0])), np.ceil(km / 800) + 1)


def by_brute_force(problem: Problem) -> float:
    """Over all sets of nodes."""
    sets = itertools.product((False, True), repeat=len(problem.shipment_usd))
    return min(problem.cost(np.array(nodes)) for nodes in sets)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), lines=st.integers(1, 6), nodes=st.integers(1, 7))
def test_small_orders_are_served_as_cheaply_as_any_set_of_nodes_can(seed: int, lines: int, nodes: int) -> None:
    problem = drawn(seed, lines, nodes)
    best = by_brute_force(problem)
    found = solved(problem, cap_seconds=10.0)
    assert found.usd == pytest.approx(best, abs=1e-6)
    assert found.bound_usd == pytest.approx(best, rel=1e-5)
    assert found.nearest_usd >= best - 1e-6
    np.testing.assert_allclose(found.shipped.sum(axis=1), problem.units)
    assert (found.shipped <= problem.free).all()
    assert (found.shipped == np.rint(found.shipped)).all()


def test_a_line_is_split_where_no_node_has_enough_and_what_nobody_has_is_not_served() -> None:
    free = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
    problem = Problem.of(np.array([5.0, 2.0]), free, np.ones((2, 3)), np.full(3, 4.0), np.arange(3.0))
    found = solved(problem)
    np.testing.assert_array_equal(found.shipped.sum(axis=1), [5, 0])
    assert found.usd == 5 + 2 * 4


def test_one_parcel_is_sent_rather_than_two_cheap_ones_and_the_nearest_is_dearer() -> None:
    usd = np.array([[1.0, 2.0], [3.0, 2.0]])
    problem = Problem.of(np.ones(2), np.array([[9.0, 9.0], [0.0, 9.0]]), usd, np.full(2, 4.0), np.array([1.0, 2.0]))
    found = solved(problem)
    assert (found.usd, found.nearest_usd) == (8, 11)
    assert found.gap <= 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_a_bound_is_below_the_best_and_leaves_out_only_nodes_of_no_use(seed: int) -> None:
    problem = drawn(seed, 8, 8)
    best = by_brute_force(problem)
    bound = bounded(problem, 1.1 * best)
    assert bound.usd <= best + 1e-9
    assert bound.usd > 0.9 * best
    useful = may_ship(bound, best + 1e-6)
    assert problem.among(np.flatnonzero(useful)).cost(np.ones(int(useful.sum()), bool)) < np.inf
    assert by_brute_force(problem.among(np.flatnonzero(useful))) == pytest.approx(best)


def test_where_time_is_short_there_is_an_answer_all_the_same_and_its_gap_is_told() -> None:
    problem = drawn(3, 60, 120, share=0.5)
    found = solved(problem, cap_seconds=0.0)
    np.testing.assert_allclose(found.shipped.sum(axis=1), problem.units)
    assert 0 < found.bound_usd <= found.usd <= found.nearest_usd
    assert 0 <= found.gap < 0.5
