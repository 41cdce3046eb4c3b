"""Write the figures of docs/warehouse.md from docs/warehouse.json: `python benchmarks/warehouse_page.py`."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import typer
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from prose import wrapped

from entrepot.configs.files import write_atomically

DOCS = Path(__file__).parents[1] / "docs"
PAGE, FIGURES, CURVE = DOCS / "warehouse.md", DOCS / "warehouse.json", DOCS / "images" / "warehouse-downtime.png"
PAPER = -0.30
"""Of downtime, by predictive maintenance: the source paper's claim."""
POLICIES = ("fixed_age", "condition_based", "optimal_age")

Row = dict[str, Any]


def main() -> None:
    """Write the page and its picture."""
    content = json.loads(FIGURES.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    found = text_of(content["rows"], content["provenance"])
    changed, count = re.subn(
        r"(<!-- figures -->\n).*?(<!-- end -->)", lambda match: f"{match[1]}{found}\n{match[2]}", page, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"{PAGE}: '<!-- figures -->' … '<!-- end -->' stands there {count} times; needed: once")
    write_atomically(PAGE, changed)
    _draw([row for row in content["rows"] if row["case"] == "downtime"])


def text_of(rows: list[Row], provenance: Row) -> str:
    """The section of figures."""
    of = {case: [row for row in rows if row["case"] == case] for case in dict.fromkeys(row["case"] for row in rows)}
    scale = "fewer units and days than without `--quick`" if provenance["quick"] else "in full"
    parts = [
        "## What was measured",
        f"`python benchmarks/warehouse.py{' --quick' if provenance['quick'] else ''} --json docs/warehouse.json`, {scale}; "
        f"load average {provenance['load_average']:.1f} on {provenance['cpus']} processors.",
        "Tours of 1,000 lists over Los Angeles' positions, drawn alike; no tour is below the exact one "
        f"({sum(row['tours_below_exact'] for row in of['pick_tour'])} of {sum(row['lists'] for row in of['pick_tour']):,}):",
        _table(
            ["lines", "rule", "mean, m", "exact, m", "above exact, 95 % interval"],
            [
                [
                    row["lines"],
                    row["heuristic"],
                    f"{row['mean_m']:.1f}",
                    f"{row['exact_mean_m']:.1f}",
                    f"{row['gap_percent']:.1f} % ({_to(row['gap_percent_low'])} to {_to(row['gap_percent_high'])})",
                ]
                for row in of["pick_tour"]
            ],
        ),
        "Slotting Vancouver, mean walk of single visits; `any`: all goods anywhere, `types`: with reserved positions:",
        _table(
            ["goods", "method", "mean, m", "above the optimum, m"],
            [
                [row["goods"], row["method"], f"{row['mean_m']:.2f}", f"{abs(row['above_optimum_m']):.2g}"]
                for row in of["slotting"]
            ],
        ),
        "Age replacement: USD per hour of work at the best age, by Barlow and Hunter's formula and by the twin's step:",
        _table(
            ["shape", "best age, hours", "formula", "simulated, 95 % interval", "off"],
            [
                [
                    f"{row['shape']:g}",
                    "never" if row["optimal_age_hours"] is None else f"{row['optimal_age_hours']:.0f}",
                    f"{row['cost_rate']:.4f}",
                    f"{row['simulated_cost_rate']:.4f} ({row['simulated_low']:.4f} to {row['simulated_high']:.4f})",
                    f"{row['off_percent']:+.2f} %",
                ]
                for row in of["age_replacement"]
            ],
        ),
        "Availability of units that always work while they can, run to failure:",
        _table(
            ["shape", "MTBF/(MTBF + MTTR)", "measured, 95 % interval"],
            [
                [
                    f"{row['shape']:g}",
                    f"{row['expected']:.5f}",
                    f"{row['measured']:.5f} ({row['measured_low']:.5f} to {row['measured_high']:.5f})",
                ]
                for row in of["availability"]
            ],
        ),
        f"Standstill of the paper's equipment 155 (MTBF 500 hours; repair 12, maintenance 3 hours: assumptions). {_claim(of['downtime'])}",
        "![Standstill over the shape of life](images/warehouse-downtime.png)",
        _table(
            ["shape", *(name.replace("_", " ") for name in POLICIES)],
            [
                [f"{shape:g}", *(_against(of["downtime"], shape, policy) for policy in POLICIES)]
                for shape in dict.fromkeys(row["shape"] for row in of["downtime"])
            ],
        ),
        *(
            f"A warehouse of {row['positions']:,} positions and {row['skus']} SKUs is laid out, slotted and routed in "
            f"{row['seconds']:.1f} s."
            for row in of["compile"]
        ),
        "Speed of the bare twin of kreen on one thread, 1,024 environments of 32 SKUs: `plain` says nothing of what is "
        "inside, `off` describes it, `everything on` is `kreen_inside`. Processes take turns of a few steps; a step's "
        "time is the lowest tenth of its CPU time, since noise only adds; intervals by drawing rounds anew. `plain` and `off` run the same code: what lies between them "
        "is what this can't tell apart.",
        _table(
            ["option", "agent-steps/s", "of plain, 95 % interval"],
            [[row["option"], f"{row['agent_steps_per_s']:,.0f}", _share(row)] for row in of["speed"]],
        ),
    ]
    return wrapped("\n\n".join(parts))


def _to(percent: float) -> str:
    return f"{round(percent, 1) + 0.0:.1f}"  # -0.0 + 0.0 is 0.0


def _share(row: Row) -> str:
    low, high = row["share_of_plain_low"], row["share_of_plain_high"]
    return "" if row["option"] == "plain" else f"{row['share_of_plain']:.1%} ({low:.1%} to {high:.1%})"


def _claim(rows: list[Row]) -> str:
    best = {row["shape"]: row for row in rows if row["policy"] == "optimal_age"}
    reached = [shape for shape, row in best.items() if row["against_run_to_failure"] <= PAPER]
    where = f"from shape {min(reached):g} on" if reached else "at none of these shapes"
    return (
        f"The paper's −30 % is reached by the best age {where}; at shape 1 there is no best age and nothing is gained. "
        "The age is best in cost, not in standstill."
    )


def _against(rows: list[Row], shape: float, policy: str) -> str:
    (row,) = [row for row in rows if row["shape"] == shape and row["policy"] == policy]
    low, high = row["against_run_to_failure_low"], row["against_run_to_failure_high"]
    return f"{row['against_run_to_failure']:+.1%} ({low:+.1%} to {high:+.1%})"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _draw(rows: list[Row]) -> None:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for policy, colour in zip(POLICIES, ("#8a8f98", "#d9822b", "#2a78b8"), strict=True):
        of = [row for row in rows if row["policy"] == policy]
        x, name = [row["shape"] for row in of], "against_run_to_failure"
        axes.plot(x, [100 * row[name] for row in of], marker="o", color=colour, label=policy.replace("_", " "))
        low, high = ([100 * row[f"{name}_{end}"] for row in of] for end in ("low", "high"))
        axes.fill_between(x, low, high, color=colour, alpha=0.2)
    axes.axhline(0, color="#333333", linewidth=0.8)
    axes.axhline(100 * PAPER, color="#c8102e", linestyle="--", linewidth=1, label="the paper's claim")
    axes.set_xlabel("shape of the Weibull life (1: does not age)")
    axes.set_ylabel("standstill against run to failure, %")
    axes.legend()
    content = BytesIO()
    figure.savefig(content, dpi=130, format="png")
    write_atomically(CURVE, content.getvalue())


if __name__ == "__main__":
    typer.run(main)
