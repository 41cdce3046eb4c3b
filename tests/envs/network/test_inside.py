"""What is inside warehouses, by one key of a network's YAML."""

from pathlib import Path

import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.assortment import assortment_of
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.inside.warehouse import Warehouse
from tests.worlds import small_network

LAYOUT = {"area_m2": 600, "storage_m3": 400}


def small(**inside: object) -> NetworkDescription:
    return small_network(shop={"dock_m3_per_day": 5.0, "picking_units_per_day": 50.0}, inside=inside)


def test_every_node_of_kreen_has_a_layout_of_about_its_capacity_into_which_its_stock_fits() -> None:
    network = load_network("kreen")
    assert network.inside is not None
    assert set(network.inside.warehouses) == set(network.nodes)
    for name, node in network.nodes.items():
        warehouse = Warehouse.of(name, network.inside, assortment_of(network))
        assert warehouse.positions.volume_m3.sum() == pytest.approx(node.capacity_m3, rel=0.01)
        assert warehouse.slotting.unplaced(warehouse.stock.goods.names) == []


def test_the_rates_that_layouts_give_kreen_are_near_those_it_is_given() -> None:
    given, derived = (NetworkArrays.from_description(load_network(name)).node for name in ("kreen", "kreen_inside"))
    assert derived.picking_units_per_day == pytest.approx(given.picking_units_per_day, rel=0.25)
    assert derived.dock_m3_per_day == pytest.approx(given.dock_m3_per_day, rel=0.05)
    assert (derived.picking_units_per_day != given.picking_units_per_day).sum() == 6


def test_a_network_keeps_the_rates_it_is_given_unless_it_asks_for_those_of_its_layouts() -> None:
    shop = {"layout": LAYOUT, "picking": {"people": 3}}
    assert NetworkArrays.from_description(small(warehouses={"shop": shop})).node.picking_units_per_day[1] == 50.0
    derived = NetworkArrays.from_description(small(rates="layout", warehouses={"shop": shop})).node
    assert derived.picking_units_per_day[1] > 1000
    assert derived.dock_m3_per_day[1] == 5.0


def test_goods_that_no_position_takes_are_refused_where_rates_follow_from_the_layout() -> None:
    shop = {"layout": LAYOUT, "picking": {"people": 3}}
    described = small(
        rates="layout",
        goods={"carton": {"width_m": 5.0, "depth_m": 5.0, "height_m": 5.0}},
        warehouses={"shop": shop},
    )
    with pytest.raises(
        ConfigurationError, match=r"inside.warehouses.shop.layout: nothing that is picked finds a place"
    ):
        NetworkArrays.from_description(described)


def test_wear_at_a_dock_without_a_limit_is_refused() -> None:
    fleet = {"forklifts": {"units": 2, "serves": "dock"}}
    with pytest.raises(ValueError, match=r"hub.equipment.forklifts: the node's dock_m3_per_day is unlimited"):
        small(wear=True, warehouses={"hub": {"layout": LAYOUT, "equipment": fleet}})


def test_a_node_or_a_sku_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"inside.warehouses: 'shed' is no node; allowed: hub, shop"):
        small(warehouses={"shed": {"layout": LAYOUT}})
    with pytest.raises(ValueError, match=r"inside.goods: 'gadget' is no SKU"):
        small(goods={"types": {"gadget": "cold"}}, warehouses={"shop": {"layout": LAYOUT}})


def test_positions_are_looked_for_from_the_yaml_s_folder(tmp_path: Path) -> None:
    described = "extends: two_warehouses\ninside: {warehouses: {shop: {layout: {positions: shop.csv}}}}\n"
    (tmp_path / "mine.yaml").write_text(described, encoding="utf-8")
    network = load_network(str(tmp_path / "mine.yaml"))
    assert network.inside is not None
    with pytest.raises(ConfigurationError, match=r"positions: the file '.*shop.csv' does not exist"):
        Warehouse.of("shop", network.inside, assortment_of(network))
