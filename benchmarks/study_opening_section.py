"""How the results page opens: what it is, and the commands that measure its figures anew."""

from __future__ import annotations

from collections.abc import Sequence

from prose import WIDTH
from study_figures import COLOURS
from study_saved import Saved

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
