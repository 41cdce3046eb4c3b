"""Write the README's tables from what `entrepot evaluate` saved: what a clone gives, and what a sales history gives.

entrepot evaluate kreen --json docs/results/readme/generated.json
entrepot evaluate kreen --history SALES --json docs/results/readme/history.json
python benchmarks/readme_results.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from prose import wrapped

from entrepot.configs.files import write_atomically
from entrepot.training.policies import UNTRAINED

ROOT = Path(__file__).parents[1]
TABLES = {
    "generated": "**What a clone gives**, without any other file, on demand from the generator that ships",
    "history": "**What a sales history gives**, that which the released policy was trained on, in months it never saw",
}
COMMANDS = {"generated": "entrepot evaluate kreen", "history": "entrepot evaluate kreen --history SALES"}


def main(
    figures: Annotated[Path, typer.Option(help="Where the JSON files are.")] = ROOT / "docs" / "results" / "readme",
    page: Annotated[Path, typer.Option(help="The page whose tables are written.")] = ROOT / "README.md",
    commit: Annotated[str, typer.Option(help="Of the code that they were measured with, to be told.")] = "",
) -> None:
    """Put the tables between the page's marks."""
    saved = {name: json.loads((figures / f"{name}.json").read_text(encoding="utf-8")) for name in TABLES}
    parts = [part(name, content, commit) for name, content in saved.items()]
    text = page.read_text(encoding="utf-8")
    between = "<!-- results -->\n" + "\n".join(parts) + "<!-- /results -->"
    written, found = re.subn(r"<!-- results -->\n.*?<!-- /results -->", lambda _: between, text, flags=re.DOTALL)
    if found != 1:
        raise SystemExit(f"{page}: needs <!-- results --> and <!-- /results --> once")
    write_atomically(page, written)


def part(name: str, content: dict[str, Any], commit: str = "") -> str:
    """A table with the command that prints it, and what the last policy is worth against the best rule."""
    rows, made = content["rows"], content["provenance"]
    head = (
        f"{TABLES[name]}: `{COMMANDS[name]}`, {made['episodes']} episodes of {made['days']} days after "
        f"{made['warm_up_days']} of warm-up, {made['skus']} SKUs{f', at commit {commit}' if commit else ''}."
    )
    table = [
        "| | cost with stock settled, USD a day (95 %) | before settlement | lost sales | turns a year |",
        "|---|---|---|---|---|",
        *(_row(row) for row in rows),
    ]
    remarks = [f"Remark: {line}." for line in made.get("remarks", [])]
    return wrapped("\n\n".join([head, "\n".join(table), _paired(rows, content["paired"]), *remarks]))


def _row(row: dict[str, Any]) -> str:
    settled = (row[f"settled_cost_usd_per_day{end}"] for end in ("", "_low", "_high"))
    cost = "{:,.0f} ({:,.0f}–{:,.0f})".format(*settled)
    lost, turns = row["lost_share"], row["inventory_turnover_per_year"]
    return f"| {row['policy']} | {cost} | {row['cost_usd_per_day']:,.0f} | {100 * lost:.2f} % | {turns:.1f} |"


def _paired(rows: list[dict[str, Any]], paired: list[dict[str, Any]]) -> str:
    """Of the last policy, which is the learned one, against the best rule and against itself before training."""
    learned = rows[-1]["policy"]
    rules = [row for row in rows[:-1] if row["policy"] != UNTRAINED]
    best = min(rules, key=lambda row: float(row["settled_cost_usd_per_day"]))["policy"]
    found = {pair["baseline"]: pair for pair in paired if pair["policy"] == learned}
    text = f"Paired, `{learned}` costs {_cost(found[best])} than `{best}`, the best rule; {_lost(found[best])}."
    if UNTRAINED in found:
        text += f" Than before any training it costs {_cost(found[UNTRAINED])}; {_lost(found[UNTRAINED])}."
    return text


def _cost(pair: dict[str, Any]) -> str:
    return _told(*(pair[f"settled_cost_ratio{end}"] for end in ("", "_low", "_high")), "less", "more")


def _lost(pair: dict[str, Any]) -> str:
    told = _told(*(pair[f"lost_sales_ratio{end}"] for end in ("", "_low", "_high")), "lower", "higher")
    return f"its lost sales are {told}"


def _told(ratio: float, low: float, high: float, less: str, more: str) -> str:
    """A ratio in words, with its interval the same way round."""
    word, sign = (less, -1) if ratio <= 1 else (more, 1)
    ends = sorted(100 * sign * (end - 1) for end in (low, high))
    return f"{100 * sign * (ratio - 1):.1f} % {word} ({ends[0]:.1f} to {ends[1]:.1f} %)"


if __name__ == "__main__":
    typer.run(main)
