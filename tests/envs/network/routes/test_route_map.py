import re
from pathlib import Path

import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.loader import available, configuration_folder
from entrepot.envs.network import load_network
from entrepot.envs.network.description import Mode
from entrepot.envs.network.distance import great_circle_km
from entrepot.envs.network.routes import Goods, RouteMap, front, load_routes

MILE_KM = 1.852
MILES = {  # searoute, from the reference data's calibration figures
    ("yantian", "los_angeles_port"): 6441,
    ("yantian", "vancouver_port"): 5843,
    ("yantian", "hamburg_port"): 10_088,
    ("yantian", "haiphong_port"): 577,
    ("yangshan", "los_angeles_port"): 5750,
    ("los_angeles_port", "vancouver_port"): 1250,
    ("hamburg_port", "new_york_port"): 3496,
    ("haiphong_port", "los_angeles_port"): 6973,
    ("haiphong_port", "hamburg_port"): 9947,
    ("haiphong_port", "vancouver_port"): 6375,
}


def kreen() -> RouteMap:
    network = load_network("kreen")
    return RouteMap.of(load_routes("kreen"), {**network.nodes, **network.suppliers})


def test_distances_by_sea_are_those_of_the_reference_data() -> None:
    legs = {(leg.origin, leg.destination): leg for leg in kreen().legs if leg.mode is Mode.SEA}
    for ends, miles in MILES.items():
        assert legs[ends].distance_km == pytest.approx(miles * MILE_KM, abs=1)


def test_distances_by_air_follow_from_places_within_two_percent_of_the_reference_data() -> None:
    places = kreen().places
    for ends, km in (
        (("hong_kong_airport", "los_angeles_airport"), 11_664),  # from Shenzhen, 35 km away
        (("hong_kong_airport", "vancouver_airport"), 10_263),
        (("hong_kong_airport", "frankfurt_airport"), 9136),
        (("frankfurt_airport", "los_angeles_airport"), 9343),
    ):
        assert great_circle_km(places[ends[0]], places[ends[1]]) == pytest.approx(km, rel=0.02)
        leg = next(leg for leg in kreen().legs if (leg.origin, leg.destination) == ends)
        assert leg.distance_km == pytest.approx(1.09 * km, rel=0.02)
        assert leg.name in kreen().guessed


def test_every_warehouse_of_kreen_reaches_every_other_and_from_china_within_the_days_of_the_reference_data() -> None:
    routes, warehouses = kreen(), load_network("kreen").warehouses
    for origin in warehouses:
        for destination in warehouses:
            if origin != destination and {origin, destination} != {"hamburg", "vancouver"} and origin in SHIPPERS:
                assert front(routes, origin, destination, Goods(8.0, 1600.0), ready=739_581), (origin, destination)
    # Door to door without the wait for a departure: 20 to 25 days to the west coast, 35 to 45 to northern Europe.
    for port, lowest, highest in (("los_angeles_port", 20, 25), ("hamburg_port", 35, 45)):
        leg = next(leg for leg in routes.legs if (leg.origin, leg.destination) == ("yantian", port))
        trucks = 2
        assert lowest <= leg.cut_off_days + leg.days + leg.unload_days + trucks <= highest


SHIPPERS = ("dongguan", "yiwu", "haiphong")


@pytest.mark.parametrize("name", available("routes"))
def test_every_figure_of_a_shipped_book_has_its_source_or_is_called_an_assumption(name: str) -> None:
    text = (configuration_folder() / "routes" / f"{name}.yaml").read_text(encoding="utf-8")
    modes = text[text.index("\nmodes:") : text.index("\nterminals:")]
    figures = [line for line in modes.splitlines() if re.search(r"[0-9]", line)]
    assert [line for line in figures if not re.search(r"# .*\[[RA]\]|#.*\[[RA]\]", line)] == []
    assert load_routes(name).name == name


def test_what_a_book_gets_wrong_is_refused_with_key_and_allowed(tmp_path: Path) -> None:
    text = (configuration_folder() / "routes" / "kreen.yaml").read_text(encoding="utf-8")
    for old, new, told in (
        (
            "origin: yantian, destination: hamburg_port",
            "origin: yantien, destination: hamburg_port",
            "'yantien'; allowed: yantian",
        ),
        (
            "destination: vancouver_airport, mode: air",
            "destination: vancouver_port, mode: air",
            "'vancouver_port' is no airport",
        ),
        ("europe: {countries: [DE]", "europe: {countries: [DE, US]", "'US' stands in roads.north_america too"),
        ("detour: 1.09", "detour: 0.9", "modes.air.detour"),
    ):
        path = tmp_path / "book.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ConfigurationError, match=re.escape(told)) as refused:
            load_routes(str(path))
        assert "book.yaml" in str(refused.value)


def test_a_terminal_may_not_have_a_node_s_name() -> None:
    with pytest.raises(ConfigurationError, match=r"terminals\.yantian: the name is a node's too"):
        RouteMap.of(load_routes("kreen"), {"yantian": load_network("kreen").nodes["dongguan"]})
