from pathlib import Path

import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network import load_network


def write(folder: Path, text: str, name: str = "mine.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_network_that_extends_another_has_all_of_it_and_its_own(tmp_path: Path) -> None:
    text = """
extends: two_warehouses
name: mine
container_m3: 30
nodes: {second: {country: US, latitude: 40, longitude: -74}}
markets: {online: {country: US, channel: own_site, options: [{node: second}]}}
lanes: [{origin: hub, destination: second, mode: air, transit: {days: 4}}]
"""
    base, mine = load_network("two_warehouses"), load_network(write(tmp_path, text))
    assert (mine.name, mine.container_m3, mine.capital_share_per_year) == ("mine", 30, base.capital_share_per_year)
    assert list(mine.nodes) == [*base.nodes, "second"]
    assert [lane.name for lane in mine.lanes] == [*(lane.name for lane in base.lanes), "hub→second:air"]
    assert [option.node for option in mine.markets["online"].options] == ["second"]


def test_a_file_is_extended_by_its_path_beside_the_extending_one(tmp_path: Path) -> None:
    write(tmp_path, "extends: two_warehouses\nname: first\n", "first.yaml")
    assert load_network(write(tmp_path, "extends: first.yaml\nname: second\n")).name == "second"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("mine.yaml", "extends this network in turn"),
        ("3", r"extends: 3; allowed: a network's name"),
        ("nowhere", "there is no 'nowhere'"),
    ],
)
def test_what_can_not_be_extended_is_refused(tmp_path: Path, value: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_network(write(tmp_path, f"extends: {value}\nname: mine\n"))


def test_kreen_eight_is_kreen_with_two_warehouses_more() -> None:
    base, eight = load_network("kreen"), load_network("kreen_eight")
    assert eight.warehouses == [*base.warehouses, "new_jersey", "le_havre"]
    assert eight.lanes[: len(base.lanes)] == base.lanes
    assert eight.catalogue == base.catalogue
