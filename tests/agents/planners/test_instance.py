"""A planned network is the twin's, field by field."""

import numpy as np

from entrepot.agents.planners.instance import PlannedNetwork, twin_fields
from entrepot.envs.network.description import UNLIMITED
from tests.worlds import small_network, small_world
from tests.worlds.tiny import tiny_world


def test_every_field_has_the_axes_that_it_says() -> None:
    planned = PlannedNetwork.of(tiny_world("kreen", 3).parameters)
    sizes: dict[str, int] = {"2": 2, "S": 3}
    for name, source in twin_fields().items():
        shape = getattr(planned, name).shape
        assert len(shape) == len(source.axes), name
        for axis, size in zip(source.axes, shape, strict=True):
            assert sizes.setdefault(axis, size) == size, f"{name}: {axis}"


def test_some_skus_keep_their_figures_and_have_a_share_of_what_is_limited() -> None:
    parameters = small_world(small_network(hub={"capacity_m3": 8.0})).parameters
    whole = PlannedNetwork.of(parameters)
    part = whole.for_skus(np.array([0]), capacity_share=0.25)
    assert part.capacity_m3[0] == 2.0
    assert part.capacity_m3[1] == whole.capacity_m3[1] >= UNLIMITED
    assert part.dock_m3_per_day.tolist() == whole.dock_m3_per_day.tolist()
    np.testing.assert_array_equal(part.value_usd, whole.value_usd)
    assert whole.for_skus(np.array([], np.int64)).lane_freight_usd.shape == (3, 0)
