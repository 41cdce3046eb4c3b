import numpy as np

from entrepot.envs.network import load_network
from entrepot.envs.network.assortment import assortment_of
from entrepot.envs.network.layout.goods import Carton, Goods, GoodsArrays, cartons_held


def test_a_carton_holds_what_fits_by_volume_and_a_larger_unit_is_a_carton_of_its_own() -> None:
    assortment = assortment_of(load_network("kreen"))
    goods = GoodsArrays.of(Goods(carton=Carton(width_m=0.15, depth_m=0.15, height_m=0.15)), assortment)
    large = assortment.volume_m3 > 0.85 * 0.15**3
    assert large.any()
    assert not large.all()
    assert goods.replaced == tuple(np.array(assortment.names)[large])
    np.testing.assert_allclose(goods.sides_m[large].prod(axis=1), assortment.volume_m3[large])
    filled = goods.units * assortment.volume_m3
    assert (filled[~large] <= 0.85 * 0.15**3 + 1e-12).all()
    assert (filled[~large] + assortment.volume_m3[~large] > 0.85 * 0.15**3).all()


def test_types_hold_their_shares_and_names_come_first() -> None:
    assortment = assortment_of(load_network("kreen", skus=1000))
    goods = GoodsArrays.of(Goods(type_shares={"cold": 0.1}, types={"sku-00001": "hazardous"}), assortment)
    assert goods.kind[0] == 2
    assert abs((goods.kind == 3).mean() - 0.1) < 0.005


def test_a_position_holds_cartons_by_size_either_way_round_and_by_load() -> None:
    assortment = assortment_of(load_network("kreen", skus=1))
    goods = GoodsArrays.of(Goods(carton=Carton(units=10)), assortment)
    kg = float(goods.kg[0])
    sides = np.array([[1.2, 0.8, 1.0], [0.8, 1.2, 1.0], [0.3, 1.2, 1.0], [1.2, 0.8, 1.0]])
    held = cartons_held(goods, sides, np.array([1e6, 1e6, 1e6, 3.5 * kg]))
    assert held[0].tolist() == [8, 8, 0, 3]
