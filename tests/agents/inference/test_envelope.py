"""What of a snapshot is compared with training, and how ranges are gathered."""

from __future__ import annotations

import numpy as np
import pytest

from entrepot.agents.inference import Tolerance
from entrepot.agents.inference.decision import Rows
from entrepot.agents.inference.envelope import check_envelope, envelope_of, quantities
from entrepot.agents.inference.manifest import Range
from tests.agents.inference.cases import Case, snapshot_for, with_value

EXACT = Tolerance(margin=0.0, share=0.0)


def test_snapshots_of_training_lie_inside_their_own_envelope(case: Case) -> None:
    snapshots = [snapshot_for(case, rows=4, seed=seed) for seed in range(3)]
    envelope = envelope_of(case.attributes, snapshots)
    for snapshot in snapshots:
        rows = Rows(4)
        check_envelope(case.attributes, snapshot, envelope, EXACT, rows)
        assert rows.trusted.all()


def test_a_network_ten_times_as_large_is_not_strange(case: Case) -> None:
    snapshot = snapshot_for(case, rows=4)
    tenfold = {name: values * 10 for name, values in case.attributes.items() if name == "demand_mean"}
    grown = {
        name: values * 10
        if name in ("on_hand", "dock", "pipeline", "backlog", "demand_fast", "demand_slow")
        else values
        for name, values in snapshot.items()
    }
    small, large = quantities(case.attributes, snapshot), quantities({**case.attributes, **tenfold}, grown)
    busy = case.attributes["demand_mean"] > 0.1
    np.testing.assert_allclose(small["demand_slow_ratio"][:, busy], large["demand_slow_ratio"][:, busy], rtol=1e-5)


@pytest.mark.parametrize(("equipment", "trusted"), [(1.0, True), (0.7, True), (1.3, True), (0.4, False), (1.6, False)])
def test_a_margin_counts_from_the_upper_end_where_training_saw_one_value_only(
    case: Case, equipment: float, trusted: bool
) -> None:
    snapshot = snapshot_for(case, rows=1)
    snapshot["equipment"][:] = equipment
    rows = Rows(1)
    check_envelope(case.attributes, snapshot, {"equipment": Range(1.0, 1.0)}, Tolerance(margin=0.5), rows)
    assert rows.trusted[0] == trusted


@pytest.mark.parametrize(("share", "trusted"), [(0.02, False), (0.04, True)])
def test_a_row_falls_when_more_than_a_share_of_values_lies_outside(case: Case, share: float, trusted: bool) -> None:
    snapshot = snapshot_for(case, rows=1)
    closed = with_value(snapshot, "lane_open", (0, 0), 0.0)
    closed["lane_open"][0, 1:] = 1.0
    rows = Rows(1)
    tolerance = Tolerance(margin=0.5, share=share)
    check_envelope(case.attributes, closed, {"lane_open": Range(1.0, 1.0)}, tolerance, rows)
    assert rows.trusted[0] == trusted
    if not trusted:
        text = "envelope: lane_open: 3% of values lie outside 0.5 to 1.5 (trained on 1 to 1), such as 0"
        assert [str(reason) for reason in rows.reasons[0]] == [text]
