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


def test_what_is_described_again_takes_its_namesakes_place_and_keeps_its_order(tmp_path: Path) -> None:
    text = """
extends: two_warehouses
name: mine
nodes: {shop: {country: US, latitude: 40, longitude: -74, capacity_m3: 12}}
lanes: [{origin: hub, destination: shop, mode: air, transit: {days: 2}}]
"""
    base, mine = load_network("two_warehouses"), load_network(write(tmp_path, text))
    assert [lane.name for lane in mine.lanes] == [lane.name for lane in base.lanes]
    assert {lane.name: lane.transit.days for lane in mine.lanes}["hub→shop:air"] == 2
    assert (list(mine.nodes), mine.nodes["shop"].capacity_m3) == (list(base.nodes), 12)


def test_skus_listed_one_by_one_take_the_place_of_a_catalogue(tmp_path: Path) -> None:
    maker = next(iter(load_network("two_warehouses").suppliers))
    sku = f"{{unit_value_usd: 1, price_usd: 4, volume_m3: 0.1, weight_kg: 1, suppliers: [{maker}]}}"
    mine = load_network(write(tmp_path, f"extends: two_warehouses\nname: mine\nskus: {{0012: {sku}}}\n"))
    assert list(mine.skus or {}) == ["0012"]
    assert mine.catalogue is None


def test_a_lane_described_twice_in_one_file_is_refused(tmp_path: Path) -> None:
    lane = "{origin: hub, destination: shop, mode: rail, transit: {days: 2}}"
    with pytest.raises(ConfigurationError, match="hub→shop:rail is described twice"):
        load_network(write(tmp_path, f"extends: two_warehouses\nname: mine\nlanes: [{lane}, {lane}]\n"))


@pytest.mark.parametrize("name", ["NA", "NO", "0012", "1e5", "null", "1.10", "true", "Größe", "west[b2b]", "a/b"])
def test_any_name_is_a_name(tmp_path: Path, name: str) -> None:
    quoted = f"'{name}'" if name in ("null", "true") or "[" in name else name
    text = f"""
name: mine
nodes: {{hub: {{country: NO, latitude: 60, longitude: 10}}}}
suppliers: {{'{name}': {{country: CN, latitude: 1, longitude: 1}}}}
markets: {{'{name}': {{country: NA, channel: {quoted}, options: [{{node: hub}}]}}}}
lanes: [{{origin: {quoted}, destination: hub, mode: sea, transit: {{days: 2}}}}]
skus:
  {name}: {{unit_value_usd: 1, price_usd: 4, volume_m3: .1, weight_kg: 1e0, suppliers: [{quoted}]}}
"""
    mine = load_network(write(tmp_path, text))
    assert (list(mine.skus or {}), list(mine.markets), mine.lanes[0].origin) == ([name], [name], name)
    assert (mine.markets[name].country, mine.nodes["hub"].country, mine.markets[name].channel) == ("NA", "NO", name)


@pytest.mark.parametrize("name", ["", "  ", r"a\nb", r"\e[31mred"])
def test_what_can_not_be_seen_is_no_name(tmp_path: Path, name: str) -> None:
    market = "{country: US, channel: a, options: [{node: hub}]}"
    text = f'extends: two_warehouses\nname: mine\nmarkets: {{"{name}": {market}}}\n'
    with pytest.raises(ConfigurationError, match="is no name") as raised:
        load_network(write(tmp_path, text))
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("value", ["0", "-1", "0.0", "yes", "0500"])
def test_a_unit_is_worth_something(tmp_path: Path, value: str) -> None:
    sku = f"{{unit_value_usd: {value}, price_usd: 4, volume_m3: 0.1, weight_kg: 1, suppliers: [plant]}}"
    with pytest.raises(ConfigurationError, match=r"skus\.mug\.unit_value_usd: .*" + value):
        load_network(write(tmp_path, f"extends: two_warehouses\nname: mine\nskus: {{mug: {sku}}}\n"))


def test_a_value_that_holds_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"recursive|holds itself"):
        load_network(write(tmp_path, "extends: two_warehouses\nname: mine\nlanes: &lanes [*lanes]\n"))


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
