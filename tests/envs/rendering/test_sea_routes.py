import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from entrepot.configs.loader import available
from entrepot.envs.network import load_network
from entrepot.envs.network.description import Mode
from entrepot.envs.rendering.sea_routes import distance_km, great_circle, is_land, sea_passage, sea_route, sea_ways
from entrepot.envs.rendering.waypoints import STRAITS, WAYPOINTS

HONG_KONG, TOKYO, HAMBURG, NEW_YORK = (114.2, 22.3), (139.8, 35.5), (10.0, 53.5), (-74.0, 40.7)
NARROWS_KM, HARBOUR_KM = 250.0, 300.0
"""Near a strait or canal the outline of land is not to be relied on; to a place inland it goes over land."""

places = st.tuples(st.floats(-180, 180), st.floats(-55, 70))


def length_km(route: NDArray[np.float64]) -> float:
    return float(distance_km(route[:-1], route[1:]).sum())


def passes(route: NDArray[np.float64], name: str, within_km: float = 60.0) -> bool:
    return bool((distance_km(route, np.array(WAYPOINTS[name])) < within_km).any())


def test_every_waypoint_can_be_reached_from_every_other() -> None:
    count, _ = connected_components(np.where(np.isfinite(sea_ways().km), sea_ways().km, 0.0))
    assert count == 1


@pytest.mark.parametrize("name", [name for name in available("network") if not name.startswith("classic")])
def test_ships_of_shipped_networks_keep_to_the_sea(name: str) -> None:
    network = load_network(name)
    place = {name: (place.longitude, place.latitude) for name, place in {**network.nodes, **network.suppliers}.items()}
    narrows = np.array([WAYPOINTS[name] for pair in STRAITS for name in pair])
    for lane in network.lanes:
        if lane.mode is Mode.SEA:
            route = sea_route(place[lane.origin], place[lane.destination])
            ashore = route[is_land(route)]
            ends = distance_km(ashore[:, None], route[[0, -1]][None]).min(axis=1, initial=np.inf)
            strait = distance_km(ashore[:, None], narrows[None]).min(axis=1, initial=np.inf)
            assert ((ends < HARBOUR_KM) | (strait < NARROWS_KM)).all(), lane.name


@pytest.mark.parametrize(
    ("begin", "end", "through"),
    [
        (HONG_KONG, HAMBURG, ["singapore", "bab_el_mandeb", "port_said", "gibraltar_west", "dover"]),
        (TOKYO, NEW_YORK, ["balboa", "colon"]),
    ],
)
def test_ships_take_canals_and_straits(
    begin: tuple[float, float], end: tuple[float, float], through: list[str]
) -> None:
    route = sea_route(begin, end)
    assert [name for name in through if not passes(route, name)] == []


@pytest.mark.parametrize("lane", ["dongguan→hamburg:sea", "dongguan→los_angeles:sea", "haiphong→los_angeles:sea"])
def test_ways_are_about_as_long_as_the_network_says(lane: str) -> None:
    network = load_network("kreen")
    (found,) = (known for known in network.lanes if known.name == lane)
    begin, end = network.nodes[found.origin], network.nodes[found.destination]
    route = sea_route((begin.longitude, begin.latitude), (end.longitude, end.latitude))
    assert length_km(route) == pytest.approx(found.distance_km, rel=0.06)


@settings(max_examples=25, deadline=None)
@given(places, places)
def test_between_any_two_places_there_is_a_way_without_a_jump(
    begin: tuple[float, float], end: tuple[float, float]
) -> None:
    passed = sea_passage(begin, end)
    np.testing.assert_allclose(passed[0], begin)
    np.testing.assert_allclose((passed[-1] - end + [180, 0]) % 360, [180, 0], atol=1e-6)
    assert np.abs(np.diff(sea_route(begin, end)[:, 0])).max(initial=0) <= 180


def test_a_great_circle_goes_on_beyond_the_date_line() -> None:
    circle = great_circle(np.array([140.0, 35.0]), np.array([-118.0, 34.0]), 50)
    assert (np.diff(circle[:, 0]) > 0).all()
    assert circle[-1] == pytest.approx((242, 34))
    assert circle[:, 1].max() > 45
