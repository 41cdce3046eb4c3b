"""Write docs/results.md and its figures from what `study.py` saved: `python benchmarks/study_page.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from prose import WIDTH, wrapped
from study_figures import COLOURS, TARGETS, draw_learning, draw_transfer, draw_wall_time, ratio_of

from entrepot.configs.files import write_atomically
from entrepot.envs.network import NetworkArrays, load_network

Results = dict[str, Any]
DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Results

Every figure here was measured by [`benchmarks/study.py`](../benchmarks/study.py) and is kept in
[`docs/results/`](results); [`benchmarks/study_page.py`](../benchmarks/study_page.py) wrote this page from these files
alone. These are figures of commit c1dec8d: since then every random source of a scenario has a stream of its own, so that
the same seeds draw other scenarios, and settings in the saved files go by their old names. {told}

```sh
{commands}
```

{notes}
"""
VARIANTS = {
    "default": "release, with pooled context (default)",
    "cover": "days of cover (`policy.head=cover`)",
    "units": "plain units (`policy.head=units`)",
    "no_pooling": "no pooled context (`policy.pool_context=false`)",
}
NOTABLE = 0.005
"""Share of a cost below which two costs count as the same where the page says which is less."""
POLICIES = {
    "min_max": "min_max",
    "base_stock": "base_stock, tuned",
    "mpc": "mpc",
    "trained": "trained policy",
    "hindsight": "hindsight (a bound)",
}


class Saved:
    """What the study has saved so far."""

    def __init__(self, folder: Path) -> None:
        """Args: the folder of figures."""
        self._folder = folder

    def one(self, name: str) -> Results | None:
        """A job's figures; None if there are none yet."""
        path = self._folder / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def group(self, name: str) -> dict[str, Results]:
        """Of all jobs in a folder, by name."""
        return {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((self._folder / name).glob("*.json"))
        }

    def runs(self, trainer: str, variant: str = "default") -> list[Results]:
        """Trained runs, by seed."""
        found = [run for run in self.group("runs").values() if (run["trainer"], run["variant"]) == (trainer, variant)]
        return sorted(found, key=lambda run: int(run["seed"]))


def main(
    results: Annotated[Path, typer.Option(help="What `study.py` saved.")] = DOCS / "results",
    page: Annotated[Path, typer.Option(help="The page to write; figures go to `images` beside it.")] = DOCS
    / "results.md",
) -> None:
    """Write the page."""
    saved, images = Saved(results), page.parent / "images"
    sections = [section(saved, images) for section in SECTIONS]
    write_atomically(page, wrapped("\n".join([opening(saved), *sections])))


def opening(saved: Saved) -> str:
    """What the page is, and the commands that measure its figures anew at the budgets that are saved with them."""
    runs = list(saved.group("runs").values())
    if not runs:
        return HEAD.format(
            told="To measure them:",
            commands="python benchmarks/study.py --history SALES           # budgets: --help\npython benchmarks/study_page.py",
            notes="What is measured already is not measured again.",
        )
    known = runs[0]["provenance"]
    shared = ["python benchmarks/study.py", f"--network {known['network']}"]
    shared += ["--history SALES"] * known["demand"].startswith("history ")
    shared += [f"--set {override}" for override in known["overrides"]]
    core = ["--core 0"] * (known["cores"] == 1 < known["cpus"])
    minutes: dict[float, set[str]] = {}
    for run in runs:
        if run["limit_minutes"] is not None:
            minutes.setdefault(run["limit_minutes"], set()).add(run["trainer"])
    least, *longer = sorted(minutes) or [None]
    options = [
        f"--{name} {value:g}" for name, value in (*budget(saved).items(), ("minutes", least)) if value is not None
    ]
    parts = [f"--only {part}" for part in ("learning", "wall_time", "table", "transfer", "ablations")]
    commands = [
        "rm -r docs/results/{runs,scaling,transfer} docs/results/{ablations,table,table_planners}.json",
        command([*shared, *core, *options, *parts]),
    ]
    for limit in longer:
        timed = [option for option in options if option.startswith(("--timed-seeds", "--iterations"))]
        files = [f"docs/results/runs/{trainer}-*.json" for trainer in sorted(minutes[limit])]
        commands += [
            command(["rm", *files]),
            command([*shared, *core, *timed, f"--minutes {limit:g}", "--only wall_time"]),
        ]
    scaled = next(iter(saved.group("scaling").values()), None)
    if scaled:
        commands.append(command([*shared, f"--scaling-iterations {scaled['iterations']}", "--only scaling"]))
    return HEAD.format(
        told="These commands measure them anew, at the budgets that are saved with the figures:",
        commands="\n".join([*commands, "python benchmarks/study_page.py"]),
        notes=notes(minutes, core=bool(core)),
    )


def notes(minutes: dict[float, set[str]], *, core: bool) -> str:
    """What the commands don't say of themselves."""
    told = ["A job whose file is there is not run again, so that what is to be measured anew is removed first."]
    if len(minutes) > 1:
        limits = ", ".join(f"`{trainer}` {limit:g}" for limit in sorted(minutes) for trainer in sorted(minutes[limit]))
        told.append(f"Trainers had different times, in minutes: {limits}.")
    if core:
        told.append("Which core was used is not saved, and any will do.")
    told.append("All other options are those that `python benchmarks/study.py --help` names as defaults.")
    return " ".join(told)


def budget(saved: Saved) -> dict[str, float | None]:
    """Options of `study.py` with what was spent, as far as it has been measured."""
    pathwise, ablated = saved.runs("pathwise"), saved.one("ablations")
    timed = [len(saved.runs(trainer)) for trainer in COLOURS if trainer != "pathwise"]
    judged = {
        "episodes": saved.one("table"),
        "planner-episodes": saved.one("table_planners"),
        "transfer-episodes": next(iter(saved.group("transfer").values()), None),
    }
    return {
        "seeds": len(pathwise) or None,
        "timed-seeds": max(timed) or None,
        "ablation-seeds": ablated["seeds"] if ablated else None,
        "iterations": pathwise[0]["settings"]["iterations"] if pathwise else None,
        **{option: content["provenance"]["episodes"] if content else None for option, content in judged.items()},
    }


def command(words: Sequence[str]) -> str:
    """A command, broken where it would be too long."""
    lines, line = [], words[0]
    for word in words[1:]:
        if len(line) + len(word) > WIDTH - len(" \\"):
            lines.append(f"{line} \\")
            line = f"  {word}"
        else:
            line += f" {word}"
    return "\n".join([*lines, line])


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


VALIDATION = (
    "Validation: {episodes} episodes of {days} days, the same for all runs, of months that training never saw, each at one "
    "of several levels of demand ({levels})."
)


def validation(run: Results) -> str:
    """On which scenarios runs were validated."""
    settings = run["validation"]
    levels = ", ".join(f"{level:g}" for level in settings["levels"])
    return VALIDATION.format(episodes=settings["episodes"], days=settings["days"], levels=levels)


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
    told = run["provenance"]
    network = NetworkArrays.from_description(load_network(told["network"], skus=told["skus"]))
    lanes = np.bincount(network.lane.agent)
    return f"""**What there is to learn from.** An agent's day is one action of up to {lanes.max() * told["skus"]:,} numbers, one a lane and SKU
({lanes.sum() * told["skus"]:,} for all agents), and policy gradients have one advantage a day that tells of all of them at
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
    told = [f"- {POLICIES.get(name, name)}: {text}" for name, text in settings.get("effort", {}).items()]
    effort = "".join(f"\n{line}" for line in told) + "\n" * bool(told)
    return f"""{settings["episodes"]} episodes of {settings["days"]} days after {settings["warm_up_days"]} of warm-up:

{table(head, rows)}

{table(["policy", "against", "cost (95 %)", "lost sales (95 %)"], pairs)}
{effort}
{provenance(content)}"""


def transfer(saved: Saved, images: Path) -> str:
    """The trained module elsewhere."""
    title, found = "## On its own network, and on networks and demand it never saw", saved.group("transfer")
    targets = {name: found[name] for name in TARGETS if name in found}
    if not targets:
        return missing(title, "transfer")
    draw_transfer(targets, images / "results-transfer.png")
    head = [
        "where",
        "size",
        "covers",
        "against min_max",
        "against base_stock tuned there",
        "against the untrained policy",
    ]
    rows = []
    for name, content in targets.items():
        size = f"{content['warehouses']} warehouses, {content['lanes']} lanes, {content['provenance']['skus']} SKUs"
        for covers, suffix in (("textbook", "_textbook"), ("tuned there", "")):
            ratios = [
                percent_interval(*ratio_of(content, f"trained{suffix}", baseline))
                for baseline in ("min_max", "base_stock", f"untrained{suffix}")
            ]
            rows.append([f"{TARGETS[name]} ({content['provenance']['network']})", size, covers, *ratios])
    episodes = " or ".join(dict.fromkeys(str(content["provenance"]["episodes"]) for content in targets.values()))
    absent = [TARGETS[name] for name in TARGETS if name not in targets]
    note = f"\nNot measured: {', '.join(absent)}.\n" if absent else ""
    worlds = "\n".join(f"- {TARGETS[name]}: {world_told(content)}" for name, content in targets.items())
    tuned = "\n".join(f"- {TARGETS[name]}: {content['tuning']}" for name, content in targets.items())
    measured = "\n\n".join(dict.fromkeys(f"*{measurement_told(content)}.*" for content in targets.values()))
    return f"""{title}

The module of the best run of *Learning*, not a weight changed. The policy multiplies covers, one a lane and SKU, that it
is given as attributes of the network; on another network it can be given two kinds:

- **textbook** covers, which follow from lead times and intervals alone: nothing was learnt or tuned there (zero-shot);
- covers of the base stock **tuned there**, as `entrepot evaluate` gives it: the weights are from elsewhere, the covers
  are not.

`base_stock` is always the one tuned on that very network and demand. The untrained policy has the same covers as the
trained one beside it.

![Cost on other networks and demand](images/results-transfer.png)

{table(head, rows)}

Cost, {episodes} test episodes each, 95 % intervals over episodes.
{note}
Networks and demand:

{worlds}

What was spent on tuning:

{tuned}

{measured}
"""


def ablations(saved: Saved, images: Path) -> str:
    """What the head and the pooled context bring."""
    title, content = "## Without its parts", saved.one("ablations")
    if content is None:
        return missing(title, "ablations")
    rows = [
        [
            VARIANTS[row["variant"]],
            *(
                percent_interval(row[key], row[f"{key}_low"], row[f"{key}_high"])
                for key in ("cost_ratio_to_base_stock", "cost_ratio_to_default", "lost_sales_ratio_to_base_stock")
            ),
            by_seed(content, row["variant"], "cost_ratio"),
            by_seed(content, row["variant"], "lost_sales_ratio"),
        ]
        for row in content["variants"]
    ]
    head = [
        "policy",
        "cost against base_stock (95 %)",
        "cost against the default (95 %)",
        "lost sales against base_stock (95 %)",
        "cost of each seed against base_stock",
        "lost sales of each seed",
    ]
    return f"""{title}

The same trainer, budget ({content["iterations"]} gradient steps) and {content["seeds"]} seeds;
{content["provenance"]["episodes"]} test episodes, mean of the seeds, 95 % intervals over episodes.

{table(head, rows)}

*Days of cover*: as the default, but nothing says what share of an origin's stock its lanes may take.

*Plain units*: the answer is the order itself, in units that scale with what the SKU sells between two departures; nothing
subtracts the stock position, so that the network must learn it from its features. It can't leave out a departure
either: what isn't ordered today is not wanted tomorrow.

{provenance(content)}
"""


def by_seed(content: Results, variant: str, figure: str) -> str:
    """A variant's figure over that of the base stock, run by run."""
    ratios = {pair["policy"]: pair[figure] for pair in content["paired"] if pair["baseline"] == "base_stock"}
    return ", ".join(percent(ratios[f"{variant}-seed{seed}"]) for seed in range(content["seeds"]))


def scaling(saved: Saved, images: Path) -> str:
    """Samples a second by number of processes."""
    title, found = "## Two processes", saved.group("scaling")
    if not found:
        return missing(title, "scaling")
    alone = {row["trainer"]: row for row in found.values() if row["processes"] == 1}
    rows = []
    for row in sorted(found.values(), key=lambda row: (row["trainer"], row["processes"], row["what"])):
        base = alone.get(row["trainer"])
        speed_up = row["environment_days_per_s"] / base["environment_days_per_s"] if base else float("nan")
        rows.append(
            [
                f"`{row['trainer']}`",
                row["what"],
                f"{row['environment_days_per_s']:,.0f}",
                f"{row['agent_steps_per_s']:,.0f}",
                f"{speed_up:.2f} ×",
                f"{100 * speed_up / row['processes']:.0f} %",
            ]
        )
    head = ["trainer", "processes", "network days/s", "agent-steps/s", "speed-up", "efficiency"]
    first = next(iter(found.values()))
    return f"""{title}

Sampling and learning together, {first["iterations"]} iterations after a warm-up, one thread a process. Efficiency is the
speed-up over the number of processes. Two processes on this machine's {first["provenance"]["cpus"]} cores: what the main
process and Ray do besides is taken from the same cores.

{table(head, rows)}

{provenance(first)}
"""


SECTIONS: list[Callable[[Saved, Path], str]] = [learning, wall_time, test_table, transfer, ablations, scaling]


def missing(title: str, part: str) -> str:
    """A section whose figures don't exist yet."""
    return f"{title}\n\n{not_yet(part, part)}\n"


def not_yet(part: str, name: str) -> str:
    """What to run."""
    return f"Not measured yet (`{name}`): `python benchmarks/study.py --only {part}` does."


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def usd(value: float) -> str:
    """Whole dollars."""
    return f"{value:,.0f}"


def percent(ratio: float) -> str:
    """A ratio as a difference."""
    return f"{100 * (ratio - 1):+.1f} %"


def percent_interval(ratio: float | None, low: float | None, high: float | None) -> str:
    """A ratio and its interval as differences."""
    if ratio is None or low is None or high is None:
        return "–"
    return f"{percent(ratio)} ({100 * (low - 1):+.1f} to {100 * (high - 1):+.1f})"


def share_interval(row: Results) -> str:
    """How far a policy is from today's practice to the bound."""
    share, low, high = (100 * row[f"share_of_way{end}"] for end in ("", "_low", "_high"))
    return f"{share:.0f} %" if low == high else f"{share:.0f} % ({low:.0f}–{high:.0f})"


def interval(row: Results, key: str) -> str:
    """A figure and its interval, in whole dollars."""
    if row.get(key) is None:
        return "–"
    return f"{usd(row[key])} ({usd(row[f'{key}_low'])}–{usd(row[f'{key}_high'])})"


def provenance(content: Results) -> str:
    """On what, with what and when."""
    return f"*{'; '.join(part for part in (world_told(content), measurement_told(content)) if part)}.*"


def world_told(content: Results) -> str:
    """On which network and demand."""
    known = content["provenance"]
    return f"{known['network']}, {known['skus']} SKUs; demand: {known['demand'].partition(';')[0]}"


def measurement_told(content: Results) -> str:
    """With what and when."""
    known = content["provenance"]
    libraries = ", ".join(f"{name} {version}" for name, version in known.get("libraries", {}).items())
    parts = [
        f"{known['cpus']} × {known['cpu']}, of which {known['cores']} used" if "cpus" in known else "",
        f"Python {known['python']}, {libraries}" if libraries else "",
        f"overrides: {' '.join(known['overrides'])}" if known.get("overrides") else "",
        known.get("date", ""),
    ]
    return "; ".join(part for part in parts if part)


if __name__ == "__main__":
    typer.run(main)
