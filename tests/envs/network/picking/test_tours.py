"""Tours against every order in which a list can be walked."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from entrepot.envs.network.layout import Layout, generated
from entrepot.envs.network.picking.aisles import PickedAisles
from entrepot.envs.network.picking.exact import exact
from entrepot.envs.network.picking.heuristics import ROUTINGS, s_shape, s_shape_by_hall

POSITIONS = generated(Layout(area_m2=2200, storage_m3=4000), where="here")


def distance(picked: PickedAisles, one: tuple[int, float], other: tuple[int, float]) -> float:
    """Shortest walk between two picks, by aisle and distance from the front; aisle -1 is the depot."""
    x = [picked.depot_x if aisle < 0 else float(picked.x[aisle]) for aisle in (one[0], other[0])]
    if one[0] == other[0]:
        return abs(one[1] - other[1])
    around = min(one[1] + other[1], 2 * picked.length_m - one[1] - other[1])
    if -1 in (one[0], other[0]):  # the depot lies on the front cross aisle
        y = one[1] if other[0] == -1 else other[1]
        around = min(y, 2 * picked.length_m - y)
    return abs(x[0] - x[1]) + around


def by_brute_force(picked: PickedAisles, picks: list[tuple[int, float]]) -> float:
    """Held and Karp's walk through every subset: all orders, none left out."""
    places = [(-1, 0.0), *picks]
    n = len(places)
    d = [[distance(picked, one, other) for other in places] for one in places]
    best = {(1 << i, i): d[0][i] for i in range(1, n)}
    for size in range(2, n):
        for chosen in itertools.combinations(range(1, n), size):
            bits = sum(1 << i for i in chosen)
            for last in chosen:
                best[bits, last] = min(best[bits ^ (1 << last), i] + d[i][last] for i in chosen if i != last)
    every = sum(1 << i for i in range(1, n))
    return min(best[every, last] + d[last][0] for last in range(1, n))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 6), st.integers(1, 8), st.floats(0, 1), st.floats(1, 60), st.integers(0, 2**31))
def test_the_exact_tour_is_the_shortest_of_all_orders(
    aisles: int, lines: int, depot: float, length: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(1, 8, aisles))
    aisle, y = rng.integers(0, aisles, (1, lines)), rng.uniform(0, length, (1, lines))
    picked = PickedAisles.at(x, length, float(x[0] + depot * (x[-1] - x[0])), aisle, y)
    shortest = by_brute_force(picked, list(zip(aisle[0].tolist(), y[0].tolist(), strict=True)))
    assert exact(picked)[0] == pytest.approx(shortest, abs=1e-9)


@pytest.mark.parametrize("lines", [1, 2, 5, 20, 100])
def test_no_rule_s_tour_is_shorter_than_the_exact_one(lines: int) -> None:
    rng = np.random.default_rng(lines)
    picked = PickedAisles.of(POSITIONS, rng.integers(0, len(POSITIONS), (500, lines)))
    shortest = exact(picked)
    for name, rule in ROUTINGS.items():
        assert (rule(picked) >= shortest - 1e-9).all(), name


def test_one_line_is_walked_there_and_back_by_every_rule() -> None:
    lists = np.arange(len(POSITIONS))[:, None]
    picked = PickedAisles.of(POSITIONS, lists)
    for rule in (*ROUTINGS.values(), exact):
        np.testing.assert_allclose(rule(picked), POSITIONS.walk_m)


def evenly(aisles: int, length: float, gap: float, lines: int, lists: int) -> PickedAisles:
    rng = np.random.default_rng(1)
    x = np.arange(aisles, dtype=np.float64) * gap
    return PickedAisles.at(
        x, length, float(x.mean()), rng.integers(0, aisles, (lists, lines)), rng.uniform(0, length, (lists, lines))
    )


@pytest.mark.parametrize("lines", [10, 40])
def test_the_mean_s_shape_is_hall_s_formula_for_many_lines(lines: int) -> None:
    mean = s_shape(evenly(20, 40.0, 4.0, lines, 8_000)).mean()
    assert mean == pytest.approx(s_shape_by_hall(aisles=20, aisle_m=40.0, width_m=76.0, lines=lines), rel=0.04)


def test_the_part_through_aisles_is_exactly_the_expected_number_of_visited_aisles() -> None:
    picked = evenly(10, 30.0, 4.0, 8, 40_000)
    assert picked.count.mean() == pytest.approx(10 * (1 - 0.9**8), rel=0.003)


def test_shorter_lists_among_longer_ones_are_as_if_alone() -> None:
    lists: NDArray[np.int64] = np.array([[5, 900, 30], [7, -1, -1]])
    together = exact(PickedAisles.of(POSITIONS, lists))
    assert together[1] == exact(PickedAisles.of(POSITIONS, lists[1:, :1]))[0]


def test_a_tour_is_no_shorter_for_another_line() -> None:
    rng = np.random.default_rng(3)
    lists = rng.integers(0, len(POSITIONS), (300, 12))
    tours = [exact(PickedAisles.of(POSITIONS, lists[:, :lines])) for lines in (4, 8, 12)]
    assert (tours[0] <= tours[1] + 1e-9).all()
    assert (tours[1] <= tours[2] + 1e-9).all()
