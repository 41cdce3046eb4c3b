import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.network.feasibility import warnings_of
from entrepot.envs.network.sketch import Answers, Place, network_yaml, place_from, places_from
from entrepot.envs.rendering.coasts import country_middles

MIDDLES = country_middles()


def places(kind: str, least: int = 1) -> st.SearchStrategy[list[Place]]:
    countries = st.lists(st.sampled_from(sorted(MIDDLES)), min_size=least, max_size=4)
    return countries.map(
        lambda found: [place_from(f"{kind}_{n}:{code}", kind, MIDDLES) for n, code in enumerate(found)]
    )


@settings(max_examples=10, deadline=None)
@given(places("warehouse"), places("supplier"), places("market"), st.integers(4, 20))
def test_any_answers_give_a_network_that_loads_without_a_warning(
    warehouses: list[Place], suppliers: list[Place], markets: list[Place], skus: int
) -> None:
    text = network_yaml(Answers("drawn", warehouses, suppliers, markets, skus))
    network = written(text)
    assert warnings_of(network, NetworkArrays.from_description(network)) == []
    assert len(network.warehouses) == len(warehouses)
    assert set(network.markets) == {market.name for market in markets}


def written(text: str) -> NetworkDescription:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.yaml"
        path.write_text(text, encoding="utf-8")
        return load_network(str(path))


def test_every_figure_of_a_lane_is_marked_an_assumption() -> None:
    text = network_yaml(
        Answers(
            "mine",
            places_from("shenzhen:CN:22.5,114.1 hamburg:DE:53.5,10", "warehouses", MIDDLES),
            places_from("factory:CN", "suppliers", MIDDLES),
            places_from("de_shop:DE", "markets", MIDDLES),
        )
    )
    lanes = text.split("\nlanes:\n")[1].split("\n# In place")[0].split("  - ")[1:]
    assert len(lanes) == 3
    assert all("# (assumption)" in lane for lane in lanes)
    assert [mode for lane in lanes for mode in ("sea", "air", "truck") if f"mode: {mode}" in lane] == [
        "truck",
        "sea",
        "air",
    ]
    assert "latitude: 22.5\n" in text
    assert "# the middle of CN (assumption)" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hamburg", "--warehouses: 'hamburg'; allowed: NAME:COUNTRY or NAME:COUNTRY:LATITUDE,LONGITUDE"),
        ("Hamburg:DE", "--warehouses: 'Hamburg'; allowed: small letters, digits and _, a letter first"),
        ("null:DE", "--warehouses: 'null'; allowed"),
        ("hamburg:ZZ", "no middle of 'ZZ' is known"),
        ("hamburg:DE:north", "'hamburg:DE:north'; allowed"),
        ("hamburg:DE:10,195", "latitude −90 to 90 comes first"),
    ],
)
def test_a_place_that_can_not_be_read_is_refused_with_what_is_allowed(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        place_from(text, "--warehouses", MIDDLES)
    assert told in str(refused.value)


def test_two_places_of_one_name_are_refused() -> None:
    twice = places_from("a:DE; b:FR; a:US", "warehouses", MIDDLES)
    with pytest.raises(ConfigurationError, match="name: 'a' stands twice"):
        network_yaml(Answers("mine", twice, twice[1:2], twice[:1]))
