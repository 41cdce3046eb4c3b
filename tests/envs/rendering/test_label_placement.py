import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.envs.rendering.label_placement import place_labels, spread_apart

FRAME = (np.array([0.0, 0.0]), np.array([600.0, 400.0]))
NO_LINES = np.empty((0, 2))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 300)), min_size=1, max_size=12))
def test_points_end_up_apart_wherever_they_began(points: list[tuple[int, int]]) -> None:
    moved = spread_apart(np.array(points, dtype=float), distance=30.0)
    gap = np.linalg.norm(moved[:, None] - moved[None, :], axis=2) + 1e9 * np.eye(len(points))
    assert gap.min() > 24


def test_points_that_stand_apart_stay() -> None:
    points = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    np.testing.assert_allclose(spread_apart(points, distance=30.0), points, atol=0.01)


def test_a_label_at_the_edge_turns_inward() -> None:
    ((_, alignment),) = place_labels(np.array([[590.0, 200.0]]), ["los angeles"], 8.5, frame=FRAME, lines=NO_LINES)
    assert alignment == "right"


def test_a_label_gives_way_to_a_neighbour_and_to_lines() -> None:
    points = np.array([[100.0, 200.0], [130.0, 200.0]])
    placed = place_labels(points, ["long beach", "x"], 8.5, frame=FRAME, lines=NO_LINES)
    assert placed[0][0] != (8.0, 0.0)
    lines = np.stack([np.linspace(100, 300, 50), np.full(50, 200.0)], axis=1)
    ((offset, _),) = place_labels(points[:1], ["long beach"], 8.5, frame=FRAME, lines=lines)
    assert offset != (8.0, 0.0)
