from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from matplotlib.image import imread

from entrepot.envs.network import NetworkDescription, load_network
from entrepot.envs.rendering.market_places import market_places
from entrepot.envs.rendering.network_map import network_figure, save_map
from tests.worlds.networks import networks


def drawn(network: NetworkDescription, **values: Any) -> Any:
    """The axes that a network is drawn on."""
    return network_figure(network, **values).axes[0]


def labels(network: NetworkDescription) -> dict[str, tuple[float, float]]:
    """Texts on the map, and the longitudes and latitudes that they point at."""
    return {text.get_text(): text.xy for text in drawn(network).texts}


def test_the_map_is_a_picture_that_is_not_empty(tmp_path: Path) -> None:
    save_map(load_network("kreen"), tmp_path / "map.png")
    pixels = imread(tmp_path / "map.png")
    assert pixels.shape[:2] == (825, 1650)
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 100


def test_every_place_is_named_and_every_mode_is_in_the_legend() -> None:
    network = load_network("kreen")
    axes = drawn(network)
    markets = {"us amazon, us own", "ca amazon, ca own", "de amazon, de own", "vn own"}
    assert {text.get_text() for text in axes.texts} - markets == {
        name.replace("_", " ") for name in (*network.nodes, *network.suppliers)
    }
    assert markets <= {text.get_text() for text in axes.texts}
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["sea", "air", "truck", "rail", "warehouse", "fulfilment centre", "supplier", "market"]
    assert {patch.get_gid() for patch in axes.patches} == {lane.name for lane in network.lanes}


def test_lanes_over_the_edge_come_back_at_the_other_one() -> None:
    patches = drawn(load_network("kreen")).patches
    assert [patch.get_gid() for patch in patches].count("hamburg→los_angeles:air") == 2
    assert [patch.get_gid() for patch in patches].count("dongguan→los_angeles:air") == 1


def test_many_markets_of_a_country_are_counted() -> None:
    network = load_network("two_warehouses")
    (market,) = network.markets.values()
    several = network.model_copy(update={"markets": {f"shop_{number}": market for number in range(5)}})
    assert "shop 0, shop 1, shop 2 and 2 more" in labels(several)


def test_a_market_of_no_known_country_stands_at_its_first_node() -> None:
    network = load_network("two_warehouses")
    ((name, market),) = network.markets.items()
    lost = network.model_copy(update={"markets": {name: market.model_copy(update={"country": "ZZ"})}})
    (place,) = market_places(lost)
    assert place.at == (network.nodes["shop"].longitude, network.nodes["shop"].latitude)


def test_the_pacific_is_not_cut() -> None:
    at = labels(load_network("kreen"))
    assert at["hamburg"][0] < at["dongguan"][0] < at["vancouver"][0] < 260


def test_neighbours_are_drawn_apart_and_distant_places_where_they_are() -> None:
    network = load_network("kreen")
    axes = drawn(network)
    points = np.array([axes.transData.transform(text.xy) for text in axes.texts]) * 72 / axes.get_figure().dpi
    gap = np.linalg.norm(points[:, None] - points[None, :], axis=2) + 1e9 * np.eye(len(points))
    assert gap.min() > 19
    shop = labels(load_network("two_warehouses"))["shop"]
    assert shop == pytest.approx((241.8, 33.9), abs=0.1)


def test_labels_do_not_lie_on_each_other() -> None:
    figure = network_figure(load_network("kreen"))
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    overlapping = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert overlapping == []


def test_cover_stands_beside_each_node_and_flows_set_the_lanes_widths() -> None:
    network = load_network("two_warehouses")
    lanes = [lane.name for lane in network.lanes]
    axes = drawn(network, node_values={"hub": 12.4, "shop": 0.0}, lane_flows={lanes[1]: 100.0, lanes[2]: 25.0})
    assert {"hub: 12 d", "shop: 0 d", "factory"} < {text.get_text() for text in axes.texts}
    none, most, some = (patch.get_linewidth() for patch in axes.patches)
    assert none < some < most
    assert axes.patches[0].get_alpha() < 0.5


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_any_network_can_be_drawn_with_the_name_of_every_place(network: NetworkDescription) -> None:
    axes = drawn(
        network,
        node_values=dict.fromkeys(network.nodes, 10.0),
        lane_flows={lane.name: 0.0 for lane in network.lanes},
    )
    axes.figure.canvas.draw()
    written = {text.get_text() for text in axes.texts}
    named = {*(f"{node}: 10 d" for node in network.nodes), *network.suppliers}
    assert written - {place.label for place in market_places(network)} == {name.replace("_", " ") for name in named}
