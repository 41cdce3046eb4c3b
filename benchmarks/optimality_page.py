"""Write docs/optimality.md from the figures that `optimality.py` saved: `python benchmarks/optimality_page.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from optimality_instances import INSTANCES
from prose import wrapped

from entrepot.configs.files import write_atomically

DOCS = Path(__file__).parents[1] / "docs"
MEAN_GAP_PERCENT, LARGEST_GAP_PERCENT = 0.2, 0.6
"""At most."""
TEXT = """# Known optima

The neural policy, trained pathwise, against optima that are known. Where no date stands beside a figure it is of commit
c1dec8d, before scenarios were drawn from a stream for each random source, and with rectifiers between layers, of which
some closed for good; with leads up to two days learning was also twice as fast. The gradient steps are those of
`trainer=pathwise`,
taken in one process and on one thread; the weights after the last step are what is measured: nothing is validated, and
no checkpoint is chosen. Each instance is an ordinary network of
[`configs/network/classic/`](../configs/network/classic), where a comment says how the textbook's terms became ours.
Settings are in [`configs/classic.yaml`](../configs/classic.yaml), those of single instances in
[`benchmarks/optimality_instances.py`](../benchmarks/optimality_instances.py).

{table}

Mean gap of {count} instances {mean_gap_percent:.2f} %, largest {largest_gap_percent:.2f} %; the longest training took
{longest_training_s:.0f} s. {aim}{absent} Costs are USD a day, with 95 % intervals over {episodes:,} episodes of {days:,} days that
training never saw; a gap's interval is its cost's. *base stock* is the rule of this project, tuned by gradients; training starts from
it, and its tuning is part of the time, which is that of one thread ({processor_time}); where a date stands, other work beside
it made a thread slower, by more than half. What was short of the aim for
long was one warehouse with three stores, 0.77 %: each store's share of a scarce stock was rounded by itself, so that units stayed
where they were. Rounded together ([policy.md](policy.md)) the same weights cost 0.38 % more than the optimum.

- **lost sales**: Poisson demand with a mean of 5, holding 1 (Zipkin 2008, 'Old and new methods for lost-sales inventory
  systems'). The optimum by value iteration equals his table for lead time 4: 4.73, 6.84, 8.89, 10.79. Whole units.
- **geometric lost sales**: the same with geometric demand from 0 on, mean 5, which varies 2.4 times as much as Poisson. The
  networks are those of the Poisson instances. Optima by value iteration; wider tables change them by less than 1e-5.
- **serial**: Clark and Scarf's systems with backlog; optima from stockpyl. Fractions of units where demand is normal, whole
  units where it is Poisson. Holding of goods on their way is part of all costs, and no policy changes it: it makes gaps
  look smaller, most of all in problem 6.16, where it is 320 of 438.
- **dual sourcing**: a unit from the fast source is 10 dearer, the slow one takes 2, 3 or 4 days longer. What all units cost
  alike is left out. Value iteration; whole units.
- **one warehouse**: two or three stores that lose what they can't sell. For so few stores value iteration on the whole
  system is within reach, so that the figure is the optimum itself and not a bound below it. Whole units.

That the networks are the textbooks' systems is tested the other way round too: the optimal policies, and the published
echelon levels, cost in the twin what they should (`tests/configs/test_classic.py`).

```sh
python benchmarks/optimality.py --json docs/optimality.json     # a name, or a part of one, trains these instances only
python benchmarks/optimality_page.py                            # writes this page
```
"""


def main(
    figures: Annotated[Path, typer.Option("--json", help="What `optimality.py --json` wrote.")] = DOCS
    / "optimality.json",
    page: Annotated[Path, typer.Option(help="The page to write.")] = DOCS / "optimality.md",
) -> None:
    """Write the page."""
    content = json.loads(figures.read_text(encoding="utf-8"))
    write_atomically(page, wrapped(text_of(content)))


def text_of(content: dict[str, Any]) -> str:
    """The page's text.

    Args:
        content: `rows`, `summary` and `provenance`, as `optimality.py` writes them.
    """
    settings, rows = content["provenance"]["evaluation"], content["rows"]
    measured = {row["instance"] for row in rows}
    absent = [instance.name.replace("_", " ") for instance in INSTANCES if instance.name not in measured]
    return TEXT.format(
        count=len(rows),
        aim=aim(rows, content["summary"]),
        absent=f" Not measured: {', '.join(absent)}." if absent else "",
        table=table(content["rows"]),
        **content["summary"],
        episodes=settings["episodes"],
        days=settings["days"],
        processor_time=f"processor time; torch {content['provenance']['torch']}",
    )


def aim(rows: list[dict[str, Any]], summary: dict[str, float]) -> str:
    """Whether the gaps are what they should be, and which are not."""
    reached = summary["mean_gap_percent"] <= MEAN_GAP_PERCENT and summary["largest_gap_percent"] <= LARGEST_GAP_PERCENT
    beyond = [
        f"{row['instance'].replace('_', ' ')} ({row['gap_percent']:.2f} %)"
        for row in rows
        if row["gap_percent"] > LARGEST_GAP_PERCENT
    ]
    told = f" Beyond {LARGEST_GAP_PERCENT} %: {', '.join(beyond)}." if beyond else ""
    return (
        f"The aim, a mean of at most {MEAN_GAP_PERCENT} % and none above {LARGEST_GAP_PERCENT} %, is "
        f"{'' if reached else 'not '}reached.{told}"
    )


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown, one line an instance."""
    lines = [
        "| instance | optimum | cost (95 %) | base stock | gap, % | training, s | measured |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        places = 2 if row["optimum"] >= 100 else 3
        cost, low, high = (f"{row[name]:.{places}f}" for name in ("cost", "cost_low", "cost_high"))
        gaps = " to ".join(f"{row[name]:.2f}" for name in ("gap_percent_low", "gap_percent_high"))
        lines.append(
            f"| {row['instance'].replace('_', ' ')} | {row['optimum']:.{places}f} | {cost} ({low}–{high}) "
            f"| {row['base_stock_cost']:.{places}f} | {row['gap_percent']:.2f} ({gaps}) | {row['training_s']:.0f} "
            f"| {row.get('measured', '–')} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
