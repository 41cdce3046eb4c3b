import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.layout import Layout, generated

LOS_ANGELES = Layout(area_m2=5000, storage_m3=10000)


def test_los_angeles_holds_its_10_000_cubic_metres_on_5_000_square_metres() -> None:
    positions = generated(LOS_ANGELES, where="los_angeles")
    volume = positions.volume_m3
    assert 0 <= volume.sum() - 10_000 < volume[0]
    assert positions.x.max() < 100
    assert positions.y.max() + 2 < 50
    assert (positions.z + positions.height_m).max() <= 9.0


def test_no_two_positions_share_a_place_or_a_name() -> None:
    positions = generated(LOS_ANGELES, where="los_angeles")
    places = np.column_stack([positions.x, positions.y, positions.z]).round(6)
    assert len(np.unique(places, axis=0)) == len(positions) == len(set(positions.names))


def test_a_volume_that_does_not_fit_is_refused_with_the_figures() -> None:
    with pytest.raises(ConfigurationError, match=r"here: storage_m3: 10,000 m³ are 5,483 positions .* 1,000 m² hold"):
        generated(Layout(area_m2=1000, storage_m3=10000), where="here")


def test_reserved_positions_are_one_type_s_alone() -> None:
    positions = generated(Layout(area_m2=5000, storage_m3=10000, reserved={"cold": 0.1}), where="here")
    cold = positions.allows[:, 3]
    assert cold.sum() == round(0.1 * len(positions))
    assert not positions.allows[cold, :3].any()
    assert positions.allows[~cold, :2].all()


@settings(max_examples=25, deadline=None)
@given(st.floats(300, 20_000), st.floats(0.2, 3.0), st.floats(3, 15), st.floats(0.5, 4))
def test_a_layout_has_the_volume_asked_for_or_is_refused(area: float, ratio: float, height: float, form: float) -> None:
    layout = Layout(area_m2=area, storage_m3=area * ratio, clear_height_m=height, length_to_width=form)
    try:
        positions = generated(layout, where="here")
    except ConfigurationError:
        return
    assert 0 <= positions.volume_m3.sum() - area * ratio < positions.volume_m3[0] + 1e-6
    assert ((positions.y > 0) & (positions.y < positions.aisle_m)).all()
    assert (positions.walk_m > 0).all()


def test_20_000_positions_are_laid_out_at_once() -> None:
    started = time.process_time()
    positions = generated(Layout(area_m2=15_000, storage_m3=36_400), where="here")
    assert 19_900 < len(positions) < 20_000
    assert time.process_time() - started < 5.0
