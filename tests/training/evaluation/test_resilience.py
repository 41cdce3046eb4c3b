from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from entrepot.agents.rules import MinMax
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.network.disruption import DisruptionDescription
from entrepot.envs.network.disruption.description import disruption_from
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.evaluation.resilience import (
    Resilience,
    ResilienceSettings,
    Service,
    Trial,
    resilience,
    roomy,
)
from entrepot.training.evaluation.resilience_figures import rows_of, times
from entrepot.training.judging import try_disruptions
from tests.worlds.befallen import befallen

SHORT = ResilienceSettings(episodes=4, warm_up_days=20, before_days=10, after_days=40)
FIRE = {"kind": "node_closed", "at": {"names": ["shop"]}, "stock_lost_share": 0.5, "starts": 3, "days": 12}


def described(**events: dict[str, Any]) -> DisruptionDescription:
    return disruption_from({"name": "tried", "events": events}, source="tried.yaml")


@torch.inference_mode()
def tried(*disruptions: DisruptionDescription) -> Resilience:
    world = roomy(befallen(), disruptions)
    return resilience(world, {"min_max": MinMax(world.attributes)}, disruptions, SHORT)


def test_a_fire_starts_when_it_is_told_to_and_costs_service_and_money() -> None:
    found = tried(described(fire=FIRE))
    (trial,), (row,) = found.trials, rows_of(found)
    assert trial.start.tolist() == [10] * 4
    assert trial.end.tolist() == [22] * 4
    assert np.array_equal(trial.with_it.demand, trial.without.demand)
    assert np.array_equal(trial.with_it.on_the_day[:, :10], trial.without.on_the_day[:, :10])
    assert row["service_kept"] < 0.5
    assert row["service_kept_low"] <= row["service_kept"] <= row["service_kept_high"]
    assert row["worst_market"] == "online"
    assert row["event_cost_usd_low"] > 0
    assert 0 <= row["time_to_survive_days"] < 12
    assert row["never_fell_share"] == 0


def test_what_befalls_nobody_costs_nothing_and_is_survived() -> None:
    found = tried(described(price={"kind": "price_surge", "factor": 1.0, "starts": 0, "days": 5}))
    (row,) = rows_of(found)
    assert row["service_kept"] == 1
    assert row["time_to_survive_days"] is None
    assert row["never_fell_share"] == 1
    assert row["time_to_recover_days"] == 0
    assert (row["event_cost_usd"], row["event_lost_sales_units"]) == (0, 0)


def test_the_days_without_are_the_same_whatever_the_event() -> None:
    hold = {"kind": "customs_hold", "into": {"names": ["shop"]}, "rate_per_year": 3, "days": 12}
    one, other = tried(described(fire=FIRE), described(hold=hold)).trials
    for name in ("demand", "on_the_day", "settled_usd"):
        assert np.array_equal(getattr(one.without, name), getattr(other.without, name)), name


def test_an_event_of_the_calendar_falls_on_the_same_day_of_every_episode() -> None:
    surge = {"kind": "demand_surge", "factor": 3, "starts": "07-11", "offset_days": -2, "days": 4}
    found = tried(described(surge=surge))
    (trial,) = found.trials
    assert trial.start.tolist() == [10] * 4
    more = trial.with_it.demand.sum(axis=(0, 2)) - trial.without.demand.sum(axis=(0, 2))
    assert np.flatnonzero(more).tolist() == [10, 11, 12, 13]
    assert any("date falls on the day" in remark for remark in found.remarks)


def test_of_several_dates_an_episode_has_one_and_the_others_are_left_out_aloud() -> None:
    surge = {"kind": "demand_surge", "factor": 3, "starts": ["07-11", "08-08"], "days": 2}
    found = tried(described(surge=surge))
    (trial,) = found.trials
    assert trial.start.tolist() == [10] * 4
    assert trial.end.tolist() == [12] * 4
    more = (trial.with_it.demand - trial.without.demand).sum(axis=(0, 2))
    assert np.flatnonzero(more).tolist() == [10, 11]
    assert "tried: surge: comes once; its other dates in an episode are left out" in found.remarks


def test_episodes_begin_before_the_event_that_comes_first_whatever_the_order_that_they_are_given_in() -> None:
    monday, friday = (
        {"kind": "demand_surge", "factor": factor, "starts": date, "days": 1}
        for factor, date in ((2, "11-27"), (3, "11-24"))
    )
    (trial,) = tried(described(monday=monday, friday=friday)).trials
    assert trial.start.tolist() == [10] * 4
    assert trial.end.tolist() == [14] * 4


@pytest.mark.parametrize(("observation", "told"), [({}, False), ({"observation": "exact"}, True)])
def test_policies_see_what_is_known_on_the_day_unless_they_are_told_all_which_is_said(
    observation: dict[str, Any], told: bool
) -> None:
    found = try_disruptions(["min_max"], befallen(), [described(fire=FIRE)], SHORT, tuning=Tuning(), **observation)
    assert any("before anybody knows of them" in remark for remark in found.remarks) == told


def test_a_world_that_something_befalls_is_no_world_to_set_beside_it() -> None:
    with pytest.raises(ConfigurationError, match=r"'tried' befalls the world already"):
        roomy(befallen(fire=FIRE), [described(fire=FIRE)])


def test_who_knows_the_future_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"--policies: 'hindsight' knows the future"):
        try_disruptions(["hindsight"], befallen(), [described(fire=FIRE)], SHORT, tuning=Tuning())


def service(share: list[float], episodes: int = 1) -> Service:
    """One market that asks for 100 units a day and gets a share of them."""
    demand = np.full((episodes, len(share), 1), 100.0)
    return Service(demand, demand * np.array(share)[:, None], np.zeros(episodes), np.zeros(episodes))


def trial(with_it: list[float]) -> Trial:
    """An event from day 10 to day 19, whatever is served."""
    start = np.array([10])
    return Trial("tried", "someone", service(with_it), service([1.0] * len(with_it)), start, start + 10)


@pytest.mark.parametrize(
    ("with_it", "survive", "recover"),
    [
        ([1.0] * 60, np.inf, 0),  # never below
        # A third of a week's day is missing from day 12 on: 1 − 0.4/7 is below 0.95 at once.
        ([1.0] * 12 + [0.6] * 3 + [1.0] * 45, 2, 1),  # the last week that holds day 14 ends with day 20
        ([1.0] * 12 + [0.6] * 20 + [1.0] * 28, 2, 18),  # until day 37, the last week with day 31
        ([1.0] * 30 + [0.0] + [1.0] * 29, 20, 17),  # felt only after its end
        ([1.0] * 12 + [0.6] * 48, 2, np.inf),  # not recovered in what is looked at
    ],
)
def test_days_to_survive_and_to_recover_are_counted_from_start_and_end(
    with_it: list[float], survive: float, recover: float
) -> None:
    found = times(trial(with_it), SHORT)
    assert (found[0].tolist(), found[1].tolist()) == ([survive], [recover])


def test_what_lies_beyond_what_was_looked_at_is_told_as_a_share_and_not_as_a_number() -> None:
    found = Resilience((trial([1.0] * 12 + [0.6] * 48),), ("online",), SHORT, Split.TEST, ())
    (row,) = rows_of(found)
    assert row["time_to_recover_days"] is None
    assert row["not_recovered_share"] == 1
