import json
import re

import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import load_network
from entrepot.envs.network.assortment import assortment_of
from entrepot.envs.network.inside.warehouse import Warehouse, tours
from entrepot.envs.network.picking.path import s_shape_path
from entrepot.envs.rendering.warehouse.page import page_of
from entrepot.envs.rendering.warehouse.scene import COLOURINGS, EMPTY, Scene

NETWORK = load_network("kreen")


def vancouver() -> Warehouse:
    assert NETWORK.inside is not None
    return Warehouse.of("vancouver", NETWORK.inside, assortment_of(NETWORK))


def test_a_drawn_tour_is_as_long_as_the_s_shape_rule_says() -> None:
    warehouse = vancouver()
    lengths = tours(warehouse.positions, warehouse.lists[:50], "s_shape")
    drawn = [
        np.abs(np.diff(s_shape_path(warehouse.positions, chosen), axis=0)).sum() for chosen in warehouse.lists[:50]
    ]
    np.testing.assert_allclose(drawn, lengths)


def test_every_position_is_a_box_with_a_value_of_each_colouring() -> None:
    warehouse = vancouver()
    scene = Scene.of(warehouse, network="kreen")
    assert len(scene.corner) == len(scene.labels) == len(warehouse.positions)
    np.testing.assert_allclose(scene.size.prod(axis=1), warehouse.positions.volume_m3)
    assert set(scene.values) == set(COLOURINGS)
    for value in scene.values.values():
        np.testing.assert_array_equal(value == EMPTY, warehouse.slotting.sku_at < 0)
        assert ((value == EMPTY) | ((value >= 0) & (value <= 1))).all()


def test_the_page_holds_its_data_and_no_name_ends_its_script() -> None:
    scene = Scene.of(vancouver(), network="</script><b>")
    page = page_of(scene, colouring="goods")
    assert "<b>" not in page
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    content = json.loads(found[1])
    assert content["colouring"] == "goods"
    assert len(content["corner"]) == len(scene.corner)


def test_an_unknown_colouring_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="--colour: 'weight'; allowed: velocity, occupancy, goods, age"):
        Scene.of(vancouver(), network="kreen").value("weight")


def test_stock_is_half_of_its_days_old_on_average_and_the_nearest_is_the_oldest() -> None:
    warehouse = vancouver()
    sku_at, age, walk = warehouse.slotting.sku_at, warehouse.age_days, warehouse.positions.walk_m
    assert np.isfinite(age[sku_at >= 0]).all()
    assert np.isnan(age[sku_at < 0]).all()
    for sku in np.unique(sku_at[sku_at >= 0]):
        own = sku_at == sku
        assert age[own].mean() == pytest.approx(warehouse.stock_days[sku] / 2)
        assert age[own].max() < warehouse.stock_days[sku]
        assert (np.diff(age[own][np.argsort(walk[own], kind="stable")]) <= 1e-9).all()


def test_days_of_stock_follow_a_demand_where_one_is_given() -> None:
    assert NETWORK.inside is not None
    goods = assortment_of(NETWORK)
    rate = np.linspace(1.0, 5.0, len(goods.names))
    warehouse = Warehouse.of("vancouver", NETWORK.inside, goods, units_per_day=rate, units=np.ceil(30 * rate))
    np.testing.assert_allclose(warehouse.stock_days, np.ceil(30 * rate) / rate)


def test_the_age_of_stock_is_not_known_where_nothing_is_said_of_picking() -> None:
    assert NETWORK.inside is not None
    scene = Scene.of(Warehouse.of("fba_us", NETWORK.inside, assortment_of(NETWORK)), network="kreen")
    assert (scene.value("age") == EMPTY).all()
    assert scene.told["age"].endswith("not known, as nothing is said of picking")
