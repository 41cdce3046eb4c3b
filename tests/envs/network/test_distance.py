import pytest

from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.description import NetworkDescription, Place
from entrepot.envs.network.distance import DETOUR, great_circle_km

SHENZHEN = Place(country="CN", latitude=22.54, longitude=114.06)


def without_distances() -> NetworkDescription:
    described = load_network("two_warehouses")
    return described.model_copy(
        update={"lanes": [lane.model_copy(update={"distance_km": None}) for lane in described.lanes]}
    )


@pytest.mark.parametrize(
    ("latitude", "longitude", "km"),  # of the reference data, from Shenzhen
    [(33.94, -118.24, 11_664), (49.19, -123.03, 10_263), (50.03, 8.57, 9136), (21.03, 105.85, 842)],
)
def test_great_circles_are_those_of_the_reference_data(latitude: float, longitude: float, km: float) -> None:
    place = Place(country="US", latitude=latitude, longitude=longitude)
    assert great_circle_km(SHENZHEN, place) == pytest.approx(km, rel=0.03)  # which point of a city is not told
    assert great_circle_km(place, SHENZHEN) == pytest.approx(great_circle_km(SHENZHEN, place))


def test_a_lane_without_a_distance_is_as_long_as_its_places_and_mode_have_it() -> None:
    given, left_out = load_network("two_warehouses"), without_distances()
    for lane in left_out.lanes:
        begin, end = (left_out.nodes.get(name) or left_out.suppliers[name] for name in (lane.origin, lane.destination))
        assert left_out.lane_km(lane) == pytest.approx(DETOUR[lane.mode.value] * great_circle_km(begin, end))
    assert [given.lane_km(lane) for lane in given.lanes] == [80, 11_900, 12_700]
    air = left_out.lanes[2]
    assert left_out.lane_km(air) == pytest.approx(12_700, rel=0.01)  # 11,664 km and 9 %


def test_co2e_follows_the_distance() -> None:
    given, left_out = (
        NetworkArrays.from_description(one) for one in (load_network("two_warehouses"), without_distances())
    )
    for lane, km in enumerate((80, 11_900, 12_700)):
        ratio = without_distances().lane_km(without_distances().lanes[lane]) / km
        assert left_out.lane.kg_co2e[lane] == pytest.approx(given.lane.kg_co2e[lane] * ratio)
