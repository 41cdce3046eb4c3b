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
    with pytest.raises(ConfigurationError, match="--colour: 'age'; allowed: velocity, occupancy, goods"):
        Scene.of(vancouver(), network="kreen").value("age")
