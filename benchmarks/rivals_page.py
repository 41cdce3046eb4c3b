"""Write the tables of docs/rivals.md from what `rivals.py` and `entrepot evaluate` saved.

python benchmarks/rivals.py --history SALES --json docs/results/rivals/all.json
python benchmarks/rivals_page.py
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from prose import wrapped

from entrepot.configs.files import write_atomically
from entrepot.training.policies import UNTRAINED

ROOT = Path(__file__).parents[1]
ORDER = ("kreen history", "kreen generated", "drifting", "unlike")
NOT_MEASURED = "not measured"
SIMPLE = ("one_factor", "base_stock", "forecast_base_stock", "s_S")
"""Rules that are tuned: the best of them is what policies are told against."""


@dataclass(frozen=True)
class Measured:
    """One world: a row a policy, paired rows, and how many episodes."""

    world: str
    rows: list[dict[str, Any]]
    paired: list[dict[str, Any]]
    episodes: int


def main(
    figures: Annotated[Path, typer.Option(help="What `rivals.py` saved, in as many files as runs.")] = (
        ROOT / "docs" / "results" / "rivals"
    ),
    readme: Annotated[Path, typer.Option(help="What `entrepot evaluate` saved of kreen with its history.")] = (
        ROOT / "docs" / "results" / "readme"
    ),
    page: Annotated[Path, typer.Option(help="The page whose tables are written.")] = ROOT / "docs" / "rivals.md",
) -> None:
    """Put a table a world between the page's marks."""
    worlds = {found.world: found for file in sorted(figures.glob("*.json")) for found in saved_by_rivals(file)}
    for world, saved in (("kreen history", with_history(readme)), ("kreen generated", generated(readme))):
        worlds.setdefault(world, saved)
    text = page.read_text(encoding="utf-8")
    between = "<!-- rivals -->\n" + "\n".join(part(worlds[name]) for name in ORDER if name in worlds)
    written, found = re.subn(r"<!-- rivals -->\n.*?(?=<!-- /rivals -->)", lambda _: between, text, flags=re.DOTALL)
    if found != 1:
        raise SystemExit(f"{page}: needs <!-- rivals --> and <!-- /rivals --> once")
    write_atomically(page, written)


def saved_by_rivals(file: Path) -> list[Measured]:
    """Every world of a run."""
    content = json.loads(file.read_text(encoding="utf-8"))
    names = dict.fromkeys(row["world"] for row in content["rows"])
    return [
        Measured(
            name,
            [row for row in content["rows"] if row["world"] == name],
            [pair for pair in content["paired"] if pair["world"] == name],
            content["provenance"]["episodes"],
        )
        for name in names
    ]


def generated(folder: Path) -> Measured:
    """Kreen with the generator's demand: the evaluation of the rules and of the released policy."""
    released = evaluation(folder, "generated")
    return Measured("kreen generated", released["rows"], released["paired"], released["provenance"]["episodes"])


def with_history(folder: Path) -> Measured:
    """Kreen with its history: the released policy's evaluation, and that of the one which `make train` leaves."""
    released, trained = evaluation(folder, "history"), evaluation(folder, "make_train")
    learned = trained["rows"][-1]["policy"]
    pairs = [{**pair, "policy": "trained"} for pair in trained["paired"] if pair["policy"] == learned]
    rows = [*released["rows"][:-1], {**trained["rows"][-1], "policy": "trained"}, released["rows"][-1]]
    return Measured("kreen history", rows, [*released["paired"], *pairs], released["provenance"]["episodes"])


def evaluation(folder: Path, name: str) -> dict[str, Any]:
    """What `entrepot evaluate` saved."""
    content: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return content


def part(measured: Measured) -> str:
    """A world's table, the best rule in bold."""
    best = min(
        (row for row in measured.rows if row["policy"] in SIMPLE), key=lambda row: row["settled_cost_usd_per_day"]
    )["policy"]
    against = {(pair["policy"], pair["baseline"]): pair for pair in measured.paired}
    against |= {
        (second, first): turned(pair) for (first, second), pair in against.items() if (second, first) not in against
    }
    lines = [
        f"| | USD a day settled (95 %) | lost sales | cost against `{best}` | lost sales against it | tuned or trained |",
        "|---|---|---|---|---|---|",
        *(line(row, against.get((row["policy"], best)), best) for row in measured.rows),
    ]
    untrained = against.get(("trained", UNTRAINED))
    after = f"Training changes the untrained policy's cost by {change(untrained, 'settled_cost')}." if untrained else ""
    head = f"**{measured.world}**, {measured.episodes} episodes"
    return wrapped("\n\n".join(block for block in (head, "\n".join(lines), after) if block))


def line(row: dict[str, Any], pair: dict[str, Any] | None, best: str) -> str:
    """A policy's row."""
    name, cost = row["policy"], row["settled_cost_usd_per_day"]
    shown = f"**`{name}`**" if name == best else f"`{name}`"
    if cost is None:
        return f"| {shown} | {NOT_MEASURED} | | | | |"
    digits = 0 if cost >= 1000 else 1
    ends = "–".join(f"{row[f'settled_cost_usd_per_day{end}']:,.{digits}f}" for end in ("_low", "_high"))
    changes = ("–", "–") if pair is None else (change(pair, "settled_cost"), change(pair, "lost_sales"))
    seconds = row.get("training_s") or row.get("tuning_s")
    return " | ".join(
        [
            f"| {shown}",
            f"{cost:,.{digits}f} ({ends})",
            f"{100 * row['lost_share']:.2f} %",
            *changes,
            f"{seconds:.0f} s |" if seconds else "– |",
        ]
    )


def turned(pair: dict[str, Any]) -> dict[str, float]:
    """The same two policies the other way round: ratios, with their intervals."""
    ends = {"": "", "_low": "_high", "_high": "_low"}
    ratios = [f"{figure}_ratio" for figure in ("settled_cost", "lost_sales")]
    return {f"{name}{end}": 1 / pair[f"{name}{other}"] for name in ratios for end, other in ends.items()}


def change(pair: dict[str, Any], figure: str) -> str:
    """A ratio as a change, with its interval."""
    ratio, low, high = (100 * (pair[f"{figure}_ratio{end}"] - 1) for end in ("", "_low", "_high"))
    return f"{ratio:+.1f} % ({low:+.1f} to {high:+.1f})".replace("-", "\N{MINUS SIGN}")


if __name__ == "__main__":
    typer.run(main)
