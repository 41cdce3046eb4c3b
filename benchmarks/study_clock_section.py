"""Trainers against the clock: a section of the results page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from study_figures import COLOURS, draw_wall_time
from study_saved import Results, Saved
from study_wording import missing, percent, provenance, table, usd

NOTABLE = 0.005
"""Share of a cost below which two costs count as the same where the page says which is less."""


def wall_time(saved: Saved, images: Path) -> str:
    """Trainers against the clock."""
    title = "## By the clock"
    by_trainer = {name: saved.runs(name) for name in COLOURS}
    timed = {name: runs for name, runs in by_trainer.items() if runs and runs[0]["limit_minutes"] is not None}
    if not timed:
        return missing(title, "wall_time")
    seeds = {run["seed"] for runs in timed.values() for run in runs}
    shown = {name: [run for run in runs if run["seed"] in seeds] for name, runs in by_trainer.items() if runs}
    runs = [run for chosen in shown.values() for run in chosen]
    draw_wall_time(runs, images / "results-wall-time.png")
    bar = runs[0]["base_stock_cost_usd_per_day"]
    head = [
        "trainer",
        "seeds",
        "time 0, USD/day",
        "best, USD/day (least–most)",
        "against base_stock",
        "against time 0",
        "minutes",
        "network days seen",
    ]
    rows = [clocked(name, chosen, bar) for name, chosen in shown.items()]
    limits = ", ".join(f"`{name}` {runs[0]['limit_minutes']:g}" for name, runs in timed.items())
    reached = "\n".join(f"- {told_by_clock(name, chosen, bar)}" for name, chosen in shown.items())
    return f"""{title}

The same validation scenarios, one worker and one thread each, on a core of its own. Minutes of training: {limits};
`pathwise` had {by_trainer["pathwise"][0]["iterations"] if by_trainer["pathwise"] else "–"} gradient steps. {learning_rates(shown)} Time is that of training by the wall clock, without start-up and without validation.

**Where they start.** All trainers start from the covers of the tuned `base_stock`, whose tuning is not part of the time
(it took {runs[0]["base_stock_seconds"]:.0f} s). `pathwise`, `mappo` and `ippo` train the neural policy, which is a residual
on these covers and is worth something untrained; `sb3_ppo` trains a perceptron that starts as the base stock itself. So
what training brought is the difference to time 0.

![Validation cost by wall time](images/results-wall-time.png)

{table(head, rows)}

{reached}{failures(runs)}

{credit(runs[0])}

{provenance(runs[0])}
"""


def credit(run: Results) -> str:
    """How much a single advantage has to tell of, beside what a derivative tells."""
    lanes, skus = run["lanes_by_agent"], run["provenance"]["skus"]
    return f"""**What there is to learn from.** An agent's day is one action of up to {max(lanes) * skus:,} numbers, one a lane and SKU
({sum(lanes) * skus:,} for all agents), and policy gradients have one advantage a day that tells of all of them at
once; what an order at sea was worth shows weeks later. `pathwise` has a derivative for each number, through each day on
which it matters. That is the likely reason for the order of the trainers; whether more time would change it was not
measured."""


def learning_rates(shown: dict[str, list[Results]]) -> str:
    """Which rate each trainer learnt at; all else is as in its YAML."""
    told = ", ".join(f"`{name}` {runs[0]['settings']['learning_rate']:g}" for name, runs in shown.items())
    return f"Learning rates: {told}; what else may be set is as in `configs/trainer/`."


def failures(runs: Sequence[Results]) -> str:
    """Runs that ended before their time."""
    return "".join(
        f"\n- `{run['trainer']}`, seed {run['seed']}: ended with an error after iteration {run['iterations']}, whatever "
        "it validated before is shown."
        for run in runs
        if run["failure"]
    )


def clocked(name: str, runs: Sequence[Results], bar: float) -> list[str]:
    """A trainer's row."""
    start = float(np.mean([run["validated"][0]["cost_usd_per_day"] for run in runs]))
    best = [least(run) for run in runs]
    mean = float(np.mean(best))
    minutes = np.mean([run["validated"][-1]["training_seconds"] for run in runs]) / 60
    days = np.mean([run["validated"][-1]["environment_days"] for run in runs])
    return [
        f"`{name}`",
        str(len(runs)),
        usd(start),
        f"{usd(mean)} ({usd(min(best))}–{usd(max(best))})",
        percent(mean / bar),
        percent(mean / start),
        f"{minutes:.1f}",
        f"{days:,.0f}",
    ]


def least(run: Results) -> float:
    """The least cost in validation, that before training included."""
    return min(float(point["cost_usd_per_day"]) for point in run["validated"])


def told_by_clock(name: str, runs: Sequence[Results], bar: float) -> str:
    """Whether and when a trainer was cheaper than the tuned base stock, of all its seeds."""
    starts = [run["validated"][0]["cost_usd_per_day"] for run in runs]
    if max(starts) < (1 - NOTABLE) * bar:
        gained = sum(least(run) < (1 - NOTABLE) * start for run, start in zip(runs, starts, strict=True))
        return (
            f"`{name}`: cheaper than tuned `base_stock` from the start, untrained as it is; training made it cheaper "
            f"by more than {100 * NOTABLE:g} % in {gained} of {len(runs)} seeds."
        )
    first = [
        next((point["training_seconds"] for point in run["validated"][1:] if point["cost_usd_per_day"] < bar), None)
        for run in runs
    ]
    beaten = [seconds for seconds in first if seconds is not None]
    if not beaten:
        return f"`{name}`: did not get below tuned `base_stock` within its time."
    return (
        f"`{name}`: cheaper than tuned `base_stock` in {len(beaten)} of {len(runs)} seeds, for the first time after "
        f"{within(beaten)} minutes of training."
    )


def within(seconds: Sequence[float]) -> str:
    """The least and the most, in minutes, said once where they look alike."""
    return " to ".join(dict.fromkeys(f"{end / 60:.1f}" for end in (min(seconds), max(seconds))))
