import numpy as np

from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.snapshot.attributes import LEAST_LIFE_DAYS, life_days
from tests.worlds import small_network


def test_where_nothing_perishes_goods_have_no_life() -> None:
    assert not life_days(NetworkArrays.from_description(load_network("kreen", skus=3))).any()


def test_what_is_left_of_goods_life_shrinks_by_the_days_on_the_way_and_not_by_those_of_production() -> None:
    network = load_network("cold_chain")
    assert network.suppliers["dairy"].production_days == 1
    dairy, berlin, copenhagen, over_berlin = life_days(NetworkArrays.from_description(network))
    lives = np.array([10, 21, 35, 60])
    np.testing.assert_allclose(dairy, lives - 1)
    np.testing.assert_allclose(berlin, lives - 1 - 1 - 0.1)  # a tenth of the lorries is a day late
    np.testing.assert_allclose(copenhagen, lives - 1 - 2 - 0.2)
    np.testing.assert_allclose(over_berlin, lives - 2 - 0.1 - 1)


def test_goods_that_spoil_on_their_way_are_told_as_hardly_lasting() -> None:
    network = NetworkArrays.from_description(small_network(sku={"shelf_life_days": 1}))
    assert life_days(network).min() == LEAST_LIFE_DAYS
