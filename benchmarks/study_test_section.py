"""The study's best run on test scenarios: a section of the results page."""

from __future__ import annotations

from pathlib import Path

from study_saved import Results, Saved
from study_wording import interval, missing, not_yet, percent_interval, provenance, share_interval, table

POLICIES = {
    "min_max": "min_max",
    "base_stock": "base_stock, tuned",
    "mpc": "mpc",
    "trained": "trained policy",
    "hindsight": "hindsight (a bound)",
}


def test_table(saved: Saved, images: Path) -> str:
    """The study's best run on test scenarios."""
    title = "## On the test months"
    parts = [(saved.one("table"), "table"), (saved.one("table_planners"), "table_planners")]
    if not any(content for content, _ in parts):
        return missing(title, "table")
    text = [
        title,
        "",
        "Months that neither training nor the choice of the run saw. The trained policy is the run of *Learning* that "
        "costs least in validation. Differences are paired by episode, and intervals are over episodes, of this one run; "
        "*Without its parts* shows how runs differ. The table of the [README](../README.md) is of another run, the "
        "released one, which had a budget of its own.",
        "",
    ]
    for content, name in parts:
        text += [judged(content) if content else not_yet("table", name), ""]
    return "\n".join(text)


TIGHTER_OPENING = "2026-11-29"
LOOSER_BOUND = (
    "The bound, and the shares of the way to it, were measured before the bound began with no more on its way than "
    f"warming up can have led to ({TIGHTER_OPENING}); it is no lower by now, and policies are no less far on the way."
)


def judged(content: Results) -> str:
    """Rows and paired differences."""
    settled = "settled_cost_usd_per_day"
    head = ["policy", "cost, USD/day (95 %)", "stock settled, USD/day (95 %)", "lost sales", "turns a year"]
    rows = [
        [
            POLICIES.get(row["policy"], row["policy"]),
            interval(row, "cost_usd_per_day"),
            interval(row, settled),
            "–" if row.get("lost_share") is None else f"{100 * row['lost_share']:.1f} %",
            "–" if row.get("inventory_turnover_per_year") is None else f"{row['inventory_turnover_per_year']:.1f}",
        ]
        for row in content["rows"]
    ]
    if "share_of_way" in content["rows"][0]:
        head.append("share of the way to the bound (95 %)")
        for cells, row in zip(rows, content["rows"], strict=True):
            cells.append(share_interval(row))
    pairs = [
        [
            POLICIES.get(pair["policy"], pair["policy"]),
            POLICIES.get(pair["baseline"], pair["baseline"]),
            percent_interval(pair["cost_ratio"], pair["cost_ratio_low"], pair["cost_ratio_high"]),
            percent_interval(pair["lost_sales_ratio"], pair["lost_sales_ratio_low"], pair["lost_sales_ratio_high"]),
        ]
        for pair in content["paired"]
    ]
    settings = content["provenance"]
    before = "share_of_way" in content["rows"][0] and settings.get("date", "") < TIGHTER_OPENING
    bound = f"\n{LOOSER_BOUND}\n" if before else ""
    told = [f"- {POLICIES.get(name, name)}: {text}" for name, text in settings.get("effort", {}).items()]
    effort = "".join(f"\n{line}" for line in told) + "\n" * bool(told)
    return f"""{settings["episodes"]} episodes of {settings["days"]} days after {settings["warm_up_days"]} of warm-up:

{table(head, rows)}

{bound}
{table(["policy", "against", "cost (95 %)", "lost sales (95 %)"], pairs)}
{effort}
{provenance(content)}"""
