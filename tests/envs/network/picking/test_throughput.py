import numpy as np
import pytest

from entrepot.envs.network.picking.lists import abc_curve, pick_lists
from entrepot.envs.network.picking.throughput import DockWork, PickingWork


def test_hours_a_list_and_units_a_day_are_those_worked_out_by_hand() -> None:
    work = PickingWork(
        people=6,
        hours_per_day=8,
        metres_per_s=1,
        seconds_per_line=10,
        seconds_per_level=5,
        seconds_per_list=100,
        lines_per_list=20,
        units_per_line=3,
    )
    hours = work.hours_a_list(tour_m=400, levels=1.0)
    assert hours == pytest.approx((400 + 20 * 15 + 100) / 3600)
    assert work.units_per_day(hours) == pytest.approx(6 * 8 / hours * 60)


def test_people_without_a_truck_pick_nothing() -> None:
    few, enough = PickingWork(people=6, vehicles=2), PickingWork(people=2)
    assert few.units_per_day(0.5) == enough.units_per_day(0.5)


def test_docks_are_as_fast_as_the_slower_of_doors_and_forklifts() -> None:
    by_doors = DockWork(doors=2, pallets_per_door_hour=10, forklifts=9, hours_per_day=8, m3_per_pallet=1.5)
    assert by_doors.m3_per_day == 2 * 10 * 8 * 1.5
    assert by_doors.model_copy(update={"forklifts": 1.0}).m3_per_day == 15 * 8 * 1.5


def test_a_fifth_of_the_skus_makes_the_share_of_lines_asked_for() -> None:
    share = abc_curve(1000, first_fifth=0.8)
    assert share.sum() == pytest.approx(1)
    assert share[:200].sum() == pytest.approx(0.8)
    assert (np.diff(share) <= 0).all()
    np.testing.assert_allclose(abc_curve(10, first_fifth=0.2), 0.1)


def test_lines_are_drawn_by_share_and_from_any_of_a_sku_s_positions_alike() -> None:
    sku_at = np.array([0, -1, 1, 1, 1, 2])
    share = np.array([0.5, 0.3, 0.2])
    drawn = pick_lists(sku_at, share, lists=1000, lines=100, rng=np.random.default_rng(0))
    found = np.bincount(drawn.ravel(), minlength=6) / drawn.size
    np.testing.assert_allclose(found, [0.5, 0, 0.1, 0.1, 0.1, 0.2], atol=0.005)
