"""Each day knows whether anything works at less than usual."""

from dataclasses import replace

import torch

from entrepot.envs.network import NetworkArrays, load_network
from tests.worlds import quiet_scenario

ARRAYS = NetworkArrays.from_description(load_network("kreen", skus=2))


def test_only_days_with_an_impairment_are_impaired() -> None:
    scenario = quiet_scenario(ARRAYS, 4, episodes=2)
    equipment, lane_open = scenario.equipment.clone(), scenario.lane_open.clone()
    equipment[1, 2, 0] = 0.5
    lane_open[0, 3, 1] = 0.0
    scenario = replace(scenario, equipment=equipment, lane_open=lane_open)
    days = [scenario.at(number) for number in range(4)]
    assert [day.equipment_impaired for day in days] == [False, False, True, False]
    assert [day.lanes_impaired for day in days] == [False, False, False, True]
    assert [day.suppliers_impaired for day in days] == [False] * 4


def test_what_is_the_same_all_along_is_found_on_every_day() -> None:
    scenario = quiet_scenario(ARRAYS, 3, episodes=2)
    half = torch.tensor(0.5).expand_as(scenario.supplier_up)
    scenario = replace(scenario, supplier_up=half)
    assert [scenario.at(number).suppliers_impaired for number in range(3)] == [True] * 3


def test_a_changed_day_finds_out_anew() -> None:
    day = quiet_scenario(ARRAYS, 1).at(0)
    assert not day.equipment_impaired
    assert replace(day, equipment=0.5 * day.equipment).equipment_impaired
    half = replace(day, rounding=0.5 * day.rounding)
    assert torch.equal(half.second_rounding, half.rounding * 1009 % 1)


def test_a_day_has_two_different_random_numbers() -> None:
    scenario = quiet_scenario(ARRAYS, 2)
    scenario = replace(scenario, rounding=torch.rand(1, 2, 2, generator=torch.Generator().manual_seed(0)))
    day = scenario.at(1)
    assert torch.equal(day.second_rounding, replace(day).second_rounding)
    assert ((day.second_rounding >= 0) & (day.second_rounding < 1)).all()
    assert (day.second_rounding != day.rounding).all()
