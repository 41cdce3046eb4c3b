from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest

from entrepot.envs.rendering.coasts import country_middles, land
from entrepot.envs.rendering.coasts.reduce import area, centroid, simplified
from entrepot.envs.rendering.sea_routes import is_land

SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]])


def test_rings_are_closed_and_within_the_world() -> None:
    for ring in land():
        np.testing.assert_array_equal(ring[0], ring[-1])
    points = np.concatenate(land())
    assert np.abs(points[:, 0]).max() < 200
    assert -60 < points[:, 1].min() < points[:, 1].max() < 84


@pytest.mark.parametrize(
    ("longitude", "latitude", "ashore"),
    [(2.3, 48.9, True), (-98, 39, True), (179, 67, True), (-179, 67, True), (-140, 20, False), (0, 0, False)],
)
def test_what_is_land_is_known(longitude: float, latitude: float, ashore: bool) -> None:
    assert is_land(np.array([longitude, latitude])) == ashore


def test_a_country_has_its_middle_on_its_own_land() -> None:
    middles = country_middles()
    assert len(middles) > 200
    assert middles["DE"] == pytest.approx((10.4, 51.1), abs=0.2)
    assert middles["US"] == pytest.approx((-99.1, 39.5), abs=0.2)
    assert is_land(np.array([middles[code] for code in ("US", "CA", "CN", "DE", "BR", "AU", "IN", "RU")])).all()


def test_the_outline_is_a_small_file() -> None:
    assert len(files("entrepot.envs.rendering.coasts").joinpath("land.npz").read_bytes()) < 60_000


def test_a_simplified_ring_keeps_its_corners_and_loses_what_lies_between() -> None:
    dense = np.concatenate([np.linspace(a, b, 9)[:-1] for a, b in pairwise(SQUARE)])
    ring = simplified(np.concatenate([dense, dense[:1]]), 0.01)
    np.testing.assert_array_equal(ring, SQUARE)
    assert area(ring) == 4
    np.testing.assert_allclose(centroid(ring), [1, 1])
