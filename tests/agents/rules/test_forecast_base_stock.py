import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.agents.rules import ForecastBaseStock
from entrepot.agents.rules.forecast import rate_of_lanes
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world()
KNOWN = WORLD.attributes
TRUST, SEASON = torch.tensor([0.0, 0.0, 1.0, 0.0]), torch.tensor(0.5)
SNAPSHOT = first_snapshot(WORLD)


def target(deviations: float, drift: float = 0.1) -> torch.Tensor:
    figures = {
        "deviations": torch.full((3, 4), deviations),
        "drift": torch.tensor(drift),
        "trust": TRUST,
        "season": SEASON,
    }
    return ForecastBaseStock(KNOWN, figures).target(SNAPSHOT).units


def test_without_deviations_the_target_is_the_forecast_over_lead_time_and_interval() -> None:
    days = (KNOWN.lane_lead_days + KNOWN.lane_interval_days)[:, None, None]
    torch.testing.assert_close(target(0.0), days * rate_of_lanes(KNOWN, SNAPSHOT, TRUST, SEASON))


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 3), st.floats(0.01, 2), st.floats(0, 1))
def test_more_deviations_and_more_drift_never_lower_the_target(deviations: float, more: float, drift: float) -> None:
    assert (target(deviations + more, drift) >= target(deviations, drift)).all()
    assert (target(deviations, drift + more) >= target(deviations, drift) - 1e-3).all()


def test_far_below_its_forecast_a_lane_orders_nothing_and_never_less() -> None:
    assert (target(-1e4) == 0).all()
