from typing import Any

import pytest

from entrepot.configs.loader import ConfigurationError, locate, read_yaml
from entrepot.envs.network.description import NetworkDescription, Weekday
from entrepot.envs.network.loading import load_network, network_from


@pytest.fixture
def content() -> dict[str, Any]:
    return read_yaml(locate("network", "two_warehouses"))


def refused(content: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as raised:
        network_from(content, source="mine.yaml")
    return str(raised.value)


def test_the_kreen_network_has_six_agents_and_three_fulfilment_centres() -> None:
    network = load_network("kreen")
    assert network.warehouses == ["dongguan", "yiwu", "los_angeles", "vancouver", "hamburg", "haiphong"]
    assert [network.manager_of(node) for node in ("fba_us", "fba_ca", "fba_de")] == [
        "los_angeles",
        "vancouver",
        "hamburg",
    ]
    assert {lane.mode.value for lane in network.lanes} == {"sea", "air", "truck", "rail"}


def test_the_number_of_skus_can_be_chosen() -> None:
    network = load_network("kreen", skus=2000)
    assert network.catalogue is not None
    assert network.catalogue.count == 2000


def test_listed_skus_have_a_fixed_number(content: dict[str, Any]) -> None:
    del content["catalogue"]
    content["skus"] = {
        "a": {"unit_value_usd": 1, "price_usd": 2, "volume_m3": 1, "weight_kg": 1, "suppliers": ["factory"]}
    }
    network_from(content, source="mine.yaml")
    with pytest.raises(ConfigurationError, match="the network lists its SKUs one by one"):
        network_from(content, source="mine.yaml", skus=3)


def test_a_lane_departs_every_day_unless_it_says_otherwise(content: dict[str, Any]) -> None:
    network = network_from(content, source="mine.yaml")
    assert network.lanes[0].departures == list(Weekday)


def test_an_unknown_key_is_refused_with_those_allowed(content: dict[str, Any]) -> None:
    content["nodes"]["hub"]["capacity"] = 3
    message = refused(content)
    assert message.startswith("mine.yaml: nodes.hub.capacity: unknown key (value 3); allowed: capacity_m3, country")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("lanes", 0, "origin"), "hup", "lanes[0].origin: 'hup'; allowed: hub, shop, factory"),
        (("lanes", 0, "destination"), "factory", "lanes[0].destination: 'factory'; allowed: hub, shop"),
        (("lanes", 1, "destination"), "hub", "lanes[1].destination: 'hub' is its own origin"),
        (("lanes", 1, "mode"), "air", "lanes[2]: hub→shop:air is described twice"),
        (("markets", "online", "options", 0, "node"), "x", "markets.online.options[0].node: 'x'; allowed: hub, shop"),
        (("markets", "online", "options", 0, "node"), "hub", "markets.online.options: a node stands twice"),
        (("nodes", "shop", "kind"), "fulfilment_centre", "nodes.shop.manager: None is not a warehouse; allowed: hub"),
        (("nodes", "shop", "manager"), "hub", "nodes.shop.manager: a warehouse manages itself; found 'hub'"),
        (("nodes", "shop", "capacity_m3"), 0, "nodes.shop.capacity_m3: Input should be greater than 0 (found 0)"),
        (("lanes", 1, "mode"), "ship", "lanes[1].mode: Input should be 'sea', 'air', 'truck' or 'rail' (found 'ship')"),
        (("catalogue", "supplier_shares"), {"x": 1.0}, "catalogue.supplier_shares: 'x'; allowed: factory"),
        (("catalogue", "supplier_shares"), {"factory": 0.0}, "at least one must be above 0"),
        (("skus",), {}, "skus, catalogue: give exactly one of the two"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_what_is_allowed(
    content: dict[str, Any], path: tuple[Any, ...], value: Any, message: str
) -> None:
    place: Any = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert message in refused(content)


def test_a_supplier_may_not_share_its_name_with_a_node(content: dict[str, Any]) -> None:
    content["suppliers"]["hub"] = content["suppliers"]["factory"]
    assert "suppliers.hub: the name is a node's too" in refused(content)


def test_a_description_survives_being_written_and_read() -> None:
    network = load_network("kreen")
    assert NetworkDescription.model_validate(network.model_dump(mode="json")) == network
