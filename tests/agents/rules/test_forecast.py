"""The rolling seasonal forecast that rules count on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from entrepot.agents.rules.figures import STATISTICS
from entrepot.agents.rules.forecast import LEAST_INDEX as LEAST_INDEX_OF_RULES
from entrepot.agents.rules.forecast import level, rate_of_lanes
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.order_up_to import echelon_rate
from entrepot.envs.snapshot.forecast import KnownDemand
from entrepot.envs.snapshot.forecast.known import LEAST_INDEX
from entrepot.envs.snapshot.forecast.level import level_of
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world()
KNOWN = WORLD.attributes
NO_SEASON, WHOLE_SEASON = torch.zeros(()), torch.ones(())


def selling(units: float, *, index_of_last_month: float = 1.0, index_of_last_quarter: float = 1.0) -> Snapshot:
    """Every market has sold so much a day of each SKU; the index ahead is 1."""
    snapshot = first_snapshot(WORLD)
    each = torch.full_like(snapshot.demand_slow, units)
    season = torch.ones_like(snapshot.season_ahead)
    season[:, 0], season[:, 1] = index_of_last_month, index_of_last_quarter
    return replace(snapshot, demand_fast=each, demand_slow=2 * each, demand_quarter=3 * each, season_ahead=season)


def all_in(statistic: str) -> Tensor:
    return torch.tensor([float(name == statistic) for name in STATISTICS])


@pytest.mark.parametrize(("statistic", "times"), list(zip(STATISTICS[:3], (1, 2, 3), strict=True)))
def test_whom_all_trust_goes_to_is_the_level(statistic: str, times: int) -> None:
    snapshot = selling(5.0)
    expected = echelon_rate(KNOWN, torch.full_like(snapshot.demand_slow, 5.0 * times))
    torch.testing.assert_close(level(KNOWN, snapshot, all_in(statistic), NO_SEASON), expected)


def test_the_long_run_is_what_the_network_tells() -> None:
    found = level(KNOWN, selling(5.0), all_in("long_run"), WHOLE_SEASON)
    torch.testing.assert_close(found[:1], echelon_rate(KNOWN, KNOWN.demand_mean.unsqueeze(0)))


def test_what_sold_in_a_good_month_is_a_lower_level() -> None:
    plain = level(KNOWN, selling(5.0), all_in("last_28_days"), WHOLE_SEASON)
    good = level(KNOWN, selling(5.0, index_of_last_month=2.0), all_in("last_28_days"), WHOLE_SEASON)
    torch.testing.assert_close(good, plain / 2)
    torch.testing.assert_close(
        level(KNOWN, selling(5.0, index_of_last_quarter=2.0), all_in("last_28_days"), WHOLE_SEASON), plain
    )


def test_a_good_month_ahead_raises_the_rate_of_lanes_by_its_index_to_the_power_of_the_season() -> None:
    snapshot = selling(5.0)
    ahead = snapshot.season_ahead.clone()
    ahead[:, 2:] = 4.0
    plain, good = (
        rate_of_lanes(KNOWN, replace(snapshot, season_ahead=season), all_in("last_28_days"), torch.tensor(0.5))
        for season in (snapshot.season_ahead, ahead)
    )
    torch.testing.assert_close(good, plain * 2)


def test_the_level_is_that_of_forecasts_without_torch() -> None:
    snapshot = selling(5.0, index_of_last_month=1.3, index_of_last_quarter=0.7)
    trust = torch.tensor([0.1, 0.2, 0.3, 0.4])
    fields = ("demand_fast", "demand_slow", "demand_quarter", "demand_square", "season_ahead", "weekday")
    arrays = {name: getattr(snapshot, name).numpy() for name in fields}
    known = KnownDemand.of_snapshot(arrays, mean=KNOWN.demand_mean.numpy().astype(np.float64))
    expected = echelon_rate(KNOWN, torch.as_tensor(level_of(known, trust.tolist())).to(KNOWN.demand_mean))
    torch.testing.assert_close(level(KNOWN, snapshot, trust, WHOLE_SEASON), expected)
    assert LEAST_INDEX_OF_RULES == LEAST_INDEX
