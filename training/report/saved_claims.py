"""The paper's claims that other benchmarks measured, from the figures that they saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.observe.model import EXACT
from entrepot.training.report.claims import CONSEQUENCE, MET, MISSED, NOT_HERE, Row, percent, row_of, verdict_of

Saved = Mapping[str, list[Row]]
"""Rows of benchmarks that were run before, by the name of their file."""


def saved(results: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of what benchmarks saved, with how their worlds were observed; of a file that isn't there, none."""
    places = {
        "live": results / "live.json",
        "routes": results / "routes.json",
        "resilience": results / "paper_resilience.json",
        "warehouse": results.parent / "warehouse.json",
    }
    found = {}
    for name, path in places.items():
        if path.is_file():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
                seen = {"observation": content.get("provenance", {}).get("observation")}
                found[name] = [{**seen, **row} for row in content["rows"]]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ConfigurationError(
                    f"{path}: can't be read: {error!r}; allowed: what its benchmark writes"
                ) from error
    return found


LIVE_NOTE = "the live side's figures: "


def saved_notes(results: Path) -> list[str]:
    """Under which conditions the live side's figures were measured, where its benchmark says so."""
    path = results / "live.json"
    note = json.loads(path.read_text(encoding="utf-8")).get("provenance", {}).get("note") if path.is_file() else None
    return [f"{LIVE_NOTE}{note}"] if note else []


def saved_rows(saved: Saved) -> list[Row]:
    """Of the claims that other benchmarks measured."""
    return [
        row for claim in (_sync, _delivered, _order, _alert, _transfers, _stocking, _resilience) for row in claim(saved)
    ]


def _found(saved: Saved, name: str, **wanted: Any) -> Row | None:
    for row in saved.get(name, []):
        if all(row.get(key) == value for key, value in wanted.items()):
            return row
    return None


def _of(
    saved: Saved, name: str, command: str, claim: str, paper: str, make: Callable[[Row], Row], **wanted: Any
) -> list[Row]:
    row = _found(saved, name, **wanted)
    if row is None:
        return [row_of(claim, paper, None, NOT_HERE, f"no saved figures; `{command}` makes them")]
    try:
        made = make(row)
    except (KeyError, TypeError):
        return [row_of(claim, paper, None, NOT_HERE, f"the saved figures lack it; `{command}` makes them anew")]
    return [{**made, "claim": claim, "assumption": f"{made['assumption']}; `{command}`"}]


LIVE, ROUTES, WAREHOUSE = (
    "python benchmarks/live.py --json docs/results/live.json",
    "python benchmarks/routes.py --json docs/results/routes.json",
    "python benchmarks/warehouse.py --json docs/warehouse.json",
)
RESILIENCE = (
    "entrepot resilience kreen --policies min_max,checkpoints/released/kreen-pathwise --history SALES "
    "--observation as_live --json docs/results/paper_resilience.json"
)
VISIBLE_MS = 100
"""Within which an event is to be seen: an assumption; the paper says milliseconds, and gives deliveries this bound."""


STORES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _of_stores(saved: Saved, claim: str, paper: str, make: Callable[[Row], Row]) -> list[Row]:
    """A row for each run that was measured; one that asks for the figures where there is none."""
    rows = []
    runs: list[Row | None] = [row for row in saved.get("live", []) if row.get("case") == "ingest"]
    for row in runs or [None]:
        rate = (row or {}).get("events_per_second")
        store = STORES.get(str((row or {}).get("store", "sqlite")), str((row or {}).get("store")))
        words = claim if row is None else f"{claim}, {store}" + ("" if rate is None else f", {rate:,.0f} a second")
        rows += _of({} if row is None else {"live": [row]}, "live", LIVE, words, paper, make)
    return rows


def _sync(saved: Saved) -> list[Row]:
    paper = "within ms"

    def make(row: Row) -> Row:
        median, high = row["visible_ms_p50"], row["visible_ms_p99"]
        verdict = MET if high <= VISIBLE_MS else MISSED
        told = f"99th percentile, from the median on; {VISIBLE_MS} ms are taken for the bound (an assumption)"
        return row_of("", paper, [high, median, high], verdict, told, unit="ms")

    return _of_stores(saved, "an event is seen by whoever asks", paper, make)


def _delivered(saved: Saved) -> list[Row]:
    paper = "99.9 %"

    def make(row: Row) -> Row:
        share = row["delivered_within_100_ms_share"]
        told = "of acknowledged events none was lost" if row["lost"] == 0 else f"{row['lost']} events were lost"
        return row_of("", paper, [share] * 3, MET if share >= 0.999 else MISSED, told, unit="share of events")

    return _of_stores(saved, "delivered within 100 ms", paper, make)


def _order(saved: Saved) -> list[Row]:
    rows = []
    for warehouses in (20, 200):
        claim, paper = f"an order of 100 lines is matched over {warehouses} warehouses", "2 s"

        def make(row: Row, claim: str = claim, paper: str = paper) -> Row:
            median, high = row["ms_p50"] / 1000, row["ms_p99"] / 1000
            told = (
                f"99th percentile; the search stops after {row['cap_ms'] / 1000:g} s with the best that it has found: "
                f"{row['proved_share']:.0%} proved optimal, at the 99th percentile up to {row['gap_p99']:.1%} dearer "
                "than the optimum may be"
            )
            return row_of(claim, paper, [high, median, high], MET if high <= 2 else MISSED, told, unit="s")

        rows += _of(saved, "live", LIVE, claim, paper, make, case="allocate", warehouses=warehouses)
    return rows


def _alert(saved: Saved) -> list[Row]:
    claim, paper = "replenishment is drafted and told after an alert", "5 min"

    def make(row: Row) -> Row:
        median, high = row["notified_ms_p50"] / 1000, row["notified_ms_p99"] / 1000
        told = (
            "taken as the plan and the message; nothing is ordered before the lane's cut-off, and the goods take as "
            "long as their lane does"
        )
        return row_of(claim, paper, [high, median, high], MET if high <= 300 else MISSED, told, unit="s")

    return _of(saved, "live", LIVE, claim, paper, make, case="alert")


def _transfers(saved: Saved) -> list[Row]:
    rows = []
    for what, paper, key, other in (
        ("time", -0.10, "days_ratio", "cost"),
        ("cost", -0.15, "cost_ratio", "days"),
    ):
        claim = f"transfer {what}"

        def make(row: Row, claim: str = claim, paper: float = paper, key: str = key, other: str = other) -> Row:
            change = [row[f"{key}{end}"] - 1 for end in ("", "_low", "_high")]
            told = (
                "planned routes and departures against one fixed route and weekly booking, capital in transit counted; "
                f"with the same plans {other} changes by {percent(row[f'{other}_ratio'] - 1)}"
            )
            return row_of(claim, percent(paper), change, verdict_of(change, paper), told)

        rows += _of(saved, "routes", ROUTES, claim, percent(paper), make, case="practice", policy="planned")
    return rows


def _resilience(saved: Saved) -> list[Row]:
    """Service kept in disruptions, active over passive: the mean of those played, the least and the most.

    A row for each trained policy; which of them is active is not for this to choose.
    """
    claim, paper = "resilience", 0.20
    rows = [row for row in saved.get("resilience", []) if row.get("service_kept") is not None]
    passive, lost = _kept(rows, "min_max"), _lost(rows, "min_max")
    trained = list(dict.fromkeys(str(row["policy"]) for row in rows if "pathwise" in str(row.get("policy"))))
    found = {policy: _kept(rows, policy) for policy in trained}
    found = {policy: kept for policy, kept in found.items() if passive.keys() & kept.keys()}
    if not found:
        told = f"no saved figures of both sides; `{RESILIENCE}` makes them"
        return [row_of(claim, percent(paper), None, NOT_HERE, told)]
    if any(row.get("observation") == EXACT for row in rows):
        told = f"the saved figures are of policies that see holds before they come (`exact`); `{RESILIENCE}` makes them"
        return [row_of(claim, percent(paper), None, NOT_HERE, told)]
    return [
        _kept_of(claim if len(found) == 1 else f"{claim}, {policy}", paper, passive, kept, lost, _lost(rows, policy))
        for policy, kept in found.items()
    ]


def _kept(rows: list[Row], policy: str) -> dict[str, float]:
    """Service that a policy kept, by disruption."""
    return {str(row.get("disruption")): float(row["service_kept"]) for row in rows if row.get("policy") == policy}


def _lost(rows: list[Row], policy: str) -> dict[str, float]:
    """Units that a policy lost to each disruption."""
    return {
        str(row.get("disruption")): float(row["event_lost_sales_units"])
        for row in rows
        if row.get("policy") == policy and row.get("event_lost_sales_units") is not None
    }


def _kept_of(
    claim: str,
    paper: float,
    passive: dict[str, float],
    active: dict[str, float],
    passive_lost: dict[str, float],
    active_lost: dict[str, float],
) -> Row:
    """Of the disruptions that both lived through; over nothing at all there is no ratio."""
    both = [name for name in passive if name in active]
    change = [active[name] / passive[name] - 1 for name in both if passive[name] > 0]
    none = [name for name in both if not passive[name] > 0]
    left_out = f"not measurable, since passive kept no service: {', '.join(none)}; " if none else ""
    if not change:
        return row_of(claim, percent(paper), None, NOT_HERE, f"{left_out}`{RESILIENCE}`")
    found = [float(np.mean(change)), min(change), max(change)]
    most = max(1 / passive[name] - 1 for name in both if passive[name] > 0)
    lost = [sum(units[name] for name in both if name in units) for units in (active_lost, passive_lost)]
    told_lost = f"units lost to them, added up, change by {percent(lost[0] / lost[1] - 1)}; " if lost[1] > 0 else ""
    told = (
        f"taken as service kept during {len(change)} disruptions, the least and the most of them in place of an "
        f"interval; whoever kept all of it would come to {percent(most)} at the most, so little does passive lose; "
        f"{told_lost}{left_out}passive is min_max as it ships; `{RESILIENCE}`"
    )
    return row_of(claim, percent(paper), found, verdict_of(found, paper), told)


def _stocking(saved: Saved) -> list[Row]:
    claim, paper = "stocking time", -0.15
    before = _found(saved, "warehouse", case="slotting", method="random", goods="types")

    def make(row: Row) -> Row:
        change = row["mean_m"] / (before or {})["mean_m"] - 1
        told = "travel to the positions alone, slots by cube per order against slots as they come (an assumption)"
        return row_of(claim, percent(paper), [change] * 3, CONSEQUENCE, told)

    return _of(
        saved,
        "warehouse",
        WAREHOUSE,
        claim,
        percent(paper),
        make,
        case="slotting",
        method="cube_per_order",
        goods="types",
    )
