from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.figures import write_json
from entrepot.training.report.again import told_again
from entrepot.training.report.claims import CONSEQUENCE, MET, MISSED, NOT_HERE, percent, twin_rows
from entrepot.training.report.page import text_of, write_rows
from entrepot.training.report.paper import Report, measured_text, share_text
from entrepot.training.report.practice import ACTIVE, PASSIVE
from entrepot.training.report.saved_claims import saved, saved_rows

PASSIVE_FIGURES = {
    "stock_out_rate": np.array([0.10, 0.12, 0.11, 0.10]),
    "moving_usd_per_unit": np.full(4, 2.0),
    "logistics_usd_per_unit": np.full(4, 4.0),
    "equipment_standstill_share": np.full(4, 0.02),
    "hamburg:inventory_turnover_per_year": np.array([5.0, 7.0, 6.0, 5.5]),
}
ACTIVE_FIGURES = {
    "stock_out_rate": PASSIVE_FIGURES["stock_out_rate"] * 0.7,
    "moving_usd_per_unit": np.array([1.4, 1.5, 1.9, 1.8]),
    "logistics_usd_per_unit": np.full(4, 5.0),
    "equipment_standstill_share": np.full(4, 0.01),
    "hamburg:inventory_turnover_per_year": np.full(4, 7.0),
}
ROWS = {row["claim"]: row for row in twin_rows({PASSIVE: PASSIVE_FIGURES, ACTIVE: ACTIVE_FIGURES})}


def test_a_claim_is_met_only_where_the_whole_interval_reaches_it() -> None:
    assert ROWS["stock-out rate"]["verdict"] == MET
    assert np.isclose(ROWS["stock-out rate"]["measured"], -0.3)
    assert ROWS["replenishment cost"]["verdict"] == MISSED  # −17.5 %, and the interval reaches beyond −20 %
    assert ROWS["replenishment cost"]["measured_low"] < -0.2
    assert ROWS["logistics cost"]["verdict"] == MISSED
    assert ROWS["turnover of the German warehouse, active"]["verdict"] == MET
    assert ROWS["turnover of the German warehouse, passive"]["verdict"] == MISSED


def test_what_follows_from_an_assumption_is_neither_met_nor_missed() -> None:
    assert ROWS["equipment downtime"]["verdict"] == CONSEQUENCE
    assert "shape" in ROWS["equipment downtime"]["assumption"]


def test_what_was_not_measured_is_said_so() -> None:
    for claim in ("inventory accuracy", "customers' satisfaction, 80 % to 90 %", "order response time"):
        assert ROWS[claim]["verdict"] == NOT_HERE
        assert ROWS[claim]["measured"] is None
        assert measured_text(ROWS[claim]) == "–"
    rows = saved_rows({})
    assert {row["verdict"] for row in rows} == {NOT_HERE}
    assert all("--json docs/" in row["assumption"] for row in rows)


def test_saved_figures_are_judged_by_the_papers_own() -> None:
    practice = {"case": "practice", "policy": "planned"}
    for key, ratio in (("days_ratio", 0.88), ("cost_ratio", 1.04)):
        practice |= {key: ratio, f"{key}_low": ratio - 0.01, f"{key}_high": ratio + 0.01}  # type: ignore[dict-item]
    ingest = {
        "case": "ingest",
        "visible_ms_p50": 16.0,
        "visible_ms_p99": 55.0,
        "lost": 0,
        "delivered_within_100_ms_share": 0.9985,
    }
    rows = {row["claim"]: row for row in saved_rows({"routes": [practice], "live": [ingest]})}
    assert rows["transfer time"]["verdict"] == MET
    assert rows["transfer cost"]["verdict"] == MISSED
    assert rows["an event is seen by whoever asks, SQLite"]["verdict"] == MET
    assert measured_text(rows["an event is seen by whoever asks, SQLite"]) == "55 ms (16 to 55)"
    assert rows["delivered within 100 ms, SQLite"]["verdict"] == MISSED
    assert measured_text(rows["delivered within 100 ms, SQLite"]) == "99.85 %"
    assert "cost changes by +4 %" in rows["transfer time"]["assumption"], "time that is bought is told as bought"
    assert "benchmarks/routes.py" in rows["transfer cost"]["assumption"]


def test_an_event_is_not_seen_within_ms_if_one_in_a_hundred_is_late() -> None:
    ingest = {"case": "ingest", "visible_ms_p50": 16.0, "visible_ms_p99": 120.0}
    seen = {row["claim"]: row for row in saved_rows({"live": [ingest]})}["an event is seen by whoever asks, SQLite"]
    assert seen["verdict"] == MISSED
    assert "100 ms are taken for the bound (an assumption)" in seen["assumption"]


def test_each_run_over_a_store_has_a_row_of_its_own() -> None:
    figures = {"case": "ingest", "visible_ms_p50": 16.0, "lost": 0}
    runs = [
        {**figures, "store": store, "visible_ms_p99": late, "delivered_within_100_ms_share": share} | more
        for store, late, share, more in (
            ("sqlite", 50.0, 1.0, {}),
            ("postgresql", 90.0, 0.999, {"events_per_second": 2000.0}),
            ("postgresql", 5000.0, 0.01, {"events_per_second": 5000.0}),
        )
    ]
    rows = {row["claim"]: row for row in saved_rows({"live": runs})}
    assert rows["an event is seen by whoever asks, SQLite"]["verdict"] == MET
    assert rows["an event is seen by whoever asks, PostgreSQL, 2,000 a second"]["verdict"] == MET
    assert rows["an event is seen by whoever asks, PostgreSQL, 5,000 a second"]["measured"] == 5000
    assert rows["an event is seen by whoever asks, PostgreSQL, 5,000 a second"]["verdict"] == MISSED
    assert rows["delivered within 100 ms, PostgreSQL, 5,000 a second"]["measured"] == 0.01


def test_a_saved_report_is_told_again_with_what_other_benchmarks_saved_since(tmp_path: Path) -> None:
    told = {"policy": "one", "episodes": 4, "days": 9, "warm_up_days": 3, "network": "here", "demand": "some"}
    old = [*ROWS.values(), *saved_rows({})]
    old[1] = {**old[1], "assumption": "in words of before"}
    write_rows(Report(old, [{"without": "transfers"}], ["a note"], told), tmp_path / "paper.json")
    routes = {"case": "practice", "policy": "planned", "days_ratio": 0.9, "cost_ratio": 1.0}
    routes |= {f"{key}{end}": routes[key] for key in ("days_ratio", "cost_ratio") for end in ("_low", "_high")}
    write_json(tmp_path / "routes.json", [routes], provenance={})
    again = told_again(tmp_path / "paper.json", tmp_path)
    rows = {row["claim"]: row for row in again.claims}
    assert [*rows][: len(ROWS)] == [*ROWS]
    assert rows["stock-out rate"] == ROWS["stock-out rate"]
    assert np.isclose(rows["transfer time"]["measured"], -0.1)
    assert again.parts == [{"without": "transfers"}]
    assert again.notes == ["a note"]
    (tmp_path / "paper.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="allowed: what `entrepot report paper --json` writes"):
        told_again(tmp_path / "paper.json", tmp_path)


def test_figures_of_an_older_form_are_asked_for_anew() -> None:
    (row, *_) = saved_rows({"live": [{"case": "ingest"}]})
    assert row["verdict"] == NOT_HERE
    assert "anew" in row["assumption"]


def test_the_page_holds_every_claim_and_no_share_of_a_gain_that_is_none() -> None:
    part = {
        "without": "transfers",
        "figure": "lost sales",
        "passive": 0.05,
        "active": 0.05,
        "value": 0.06,
        **{f"{name}{end}": 0.2 for name in ("change", "share_of_gain") for end in ("", "_low", "_high")},
        "gain_is_certain": False,
    }
    told = {"policy": "one", "episodes": 4, "days": 9, "warm_up_days": 3, "network": "here", "demand": "some"}
    told["observation"] = "erroneous"
    page = text_of(Report(list(ROWS.values()), [part], ["passive: min-max, tuned", "a note"], told), "images/paper.png")
    assert all(claim in page for claim in ROWS)
    assert share_text(part) == "no certain gain"
    assert "no certain gain" in page
    assert "- a note" in page
    assert max(len(line) for line in page.splitlines() if not line.startswith("|")) <= 120


def test_changes_have_a_sign() -> None:
    assert percent(0.3) == "+30 %"
    assert percent(-0.125) == "−12.5 %"


def test_resilience_is_told_of_the_disruptions_that_both_sides_lived_through() -> None:
    rows = [
        {"disruption": "fire", "policy": "min_max", "service_kept": 0.8},
        {"disruption": "fire", "policy": "kreen-pathwise/0007", "service_kept": 0.88},
        {"disruption": "strike", "policy": "kreen-pathwise/0007", "service_kept": 0.9},
    ]
    found = resilience_rows(rows)["resilience"]
    assert found["verdict"] == MISSED
    assert np.isclose(found["measured"], 0.1)
    assert "1 disruptions" in found["assumption"]
    assert "whoever kept all of it would come to +25 % at the most" in found["assumption"]
    assert "--observation as_live" in found["assumption"]


def resilience_rows(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = saved_rows({"resilience": rows})
    return {row["claim"]: row for row in found if row["claim"].startswith("resilience")}


def test_service_that_active_lost_altogether_counts_and_over_nothing_there_is_no_ratio() -> None:
    rows = [
        {"disruption": "fire", "policy": "min_max", "service_kept": 0.8},
        {"disruption": "fire", "policy": "kreen-pathwise/0007", "service_kept": 0.0},
        {"disruption": "strike", "policy": "min_max", "service_kept": 0.0},
        {"disruption": "strike", "policy": "kreen-pathwise/0007", "service_kept": 0.9},
    ]
    found = resilience_rows(rows)["resilience"]
    assert found["measured"] == -1
    assert "not measurable, since passive kept no service: strike" in found["assumption"]
    alone = resilience_rows(rows[2:])["resilience"]
    assert alone["verdict"] == NOT_HERE
    assert "passive kept no service: strike" in alone["assumption"]


def test_each_trained_policy_has_a_row_of_its_own() -> None:
    rows = [
        {"disruption": "fire", "policy": policy, "service_kept": kept}
        for policy, kept in (("min_max", 0.5), ("kreen-pathwise/0007", 0.75), ("runs/pathwise-2", 0.55))
    ]
    found = resilience_rows(rows)
    assert [*found] == ["resilience, kreen-pathwise/0007", "resilience, runs/pathwise-2"]
    assert [round(row["measured"], 6) for row in found.values()] == [0.5, 0.1]


def test_figures_of_policies_that_see_what_is_to_come_are_asked_for_anew(tmp_path: Path) -> None:
    rows = [
        {"disruption": "fire", "policy": policy, "service_kept": kept}
        for policy, kept in (("min_max", 0.5), ("kreen-pathwise/0007", 0.75))
    ]
    for observation, verdict in (("exact", NOT_HERE), ("as_live", MET)):
        write_json(tmp_path / "paper_resilience.json", rows, provenance={"observation": observation})
        found = resilience_rows(saved(tmp_path)["resilience"])["resilience"]
        assert found["verdict"] == verdict
