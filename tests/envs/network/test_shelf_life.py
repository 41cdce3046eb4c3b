import numpy as np

from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.world import build_world
from entrepot.training.content import content_of

KREEN = load_network("kreen")


def with_catalogue(**changes: object) -> NetworkDescription:
    content = KREEN.model_dump(mode="json")
    return NetworkDescription.model_validate({**content, "catalogue": content["catalogue"] | changes})


def test_a_catalogues_goods_perish_in_the_share_and_within_the_days_that_it_says() -> None:
    shelf = NetworkArrays.from_description(
        with_catalogue(count=400, shelf_life_days=[100, 300], perishable_share=0.25)
    ).shelf_life
    assert shelf is not None
    assert 0.15 < shelf.perishes.mean() < 0.35
    life = shelf.shelf_life_days[shelf.perishes]
    assert life.min() >= 100
    assert life.max() <= 300


def test_shelf_lives_change_nothing_else_of_a_catalogue_and_more_skus_none_of_the_first() -> None:
    few, many = (
        NetworkArrays.from_description(with_catalogue(count=count, shelf_life_days=[100, 300])) for count in (8, 40)
    )
    assert few.shelf_life is not None
    assert many.shelf_life is not None
    np.testing.assert_array_equal(few.shelf_life.shelf_life_days, many.shelf_life.shelf_life_days[:8])
    np.testing.assert_array_equal(
        NetworkArrays.from_description(with_catalogue(count=8)).sku.unit_value_usd, few.sku.unit_value_usd
    )


def test_what_was_tuned_before_catalogues_had_shelf_lives_is_found_still() -> None:
    before, perishing = (
        content_of(build_world(with_catalogue(count=2, **lives)))["network.catalogue"]
        for lives in ({}, {"shelf_life_days": [200, 300]})
    )
    assert before == content_of(build_world("kreen", skus=2))["network.catalogue"]
    assert before != perishing
