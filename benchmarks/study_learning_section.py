"""How the cost falls in pathwise training: a section of the results page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from study_figures import draw_learning
from study_saved import Results, Saved
from study_wording import missing, percent, provenance, table, usd

VALIDATION = (
    "Validation: {episodes} episodes of {days} days, the same for all runs, of months that training never saw, each at one "
    "of several levels of demand ({levels})."
)


def learning(saved: Saved, images: Path) -> str:
    """How the cost falls in pathwise training."""
    title, runs = "## Learning", saved.runs("pathwise")
    if not runs:
        return missing(title, "learning")
    draw_learning(runs, images / "results-learning.png")
    bar = runs[0]["base_stock_cost_usd_per_day"]
    rows = [
        [
            str(run["seed"]),
            usd(run["validated"][0]["cost_usd_per_day"]),
            usd(run["best_cost_usd_per_day"]),
            percent(run["best_cost_usd_per_day"] / bar),
            percent(run["best_cost_usd_per_day"] / run["validated"][0]["cost_usd_per_day"]),
            f"{run['validated'][-1]['training_seconds']:.0f}",
        ]
        for run in runs
    ]
    head = ["seed", "untrained, USD/day", "best, USD/day", "against base_stock", "against untrained", "training, s"]
    best = [run["best_cost_usd_per_day"] for run in runs]
    untrained = float(np.mean([run["validated"][0]["cost_usd_per_day"] for run in runs]))
    return f"""{title}

Pathwise training of the neural policy: cost on the validation scenarios, {len(runs)} seeds of
{runs[0]["iterations"]} gradient steps. The line is the mean of the seeds, the band their least and most. Tuned
`base_stock` costs {usd(bar)} USD a day there ({runs[0]["base_stock_budget"]}).

![Validation cost in training](images/results-learning.png)

{table(head, rows)}

Mean of the best: {usd(float(np.mean(best)))} USD a day, from {usd(min(best))} to {usd(max(best))}. The policy scales the
covers of the tuned base stock and knows the season before any training, so that it starts
{told_difference(untrained / bar)} `base_stock`; {told_training(float(np.mean(best)) / untrained)}. {validation(runs[0])}

{provenance(runs[0])}
"""


def told_difference(ratio: float) -> str:
    """How far below or above."""
    return f"{100 * abs(ratio - 1):.1f} % {'below' if ratio < 1 else 'above'}"


def told_training(ratio: float) -> str:
    """What training did to the cost."""
    return f"training {'takes off another' if ratio < 1 else 'adds'} {100 * abs(ratio - 1):.1f} %"


def validation(run: Results) -> str:
    """On which scenarios runs were validated."""
    settings = run["validation"]
    levels = ", ".join(f"{level:g}" for level in settings["levels"])
    return VALIDATION.format(episodes=settings["episodes"], days=settings["days"], levels=levels)
