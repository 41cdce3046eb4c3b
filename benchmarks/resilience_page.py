"""Write the figures of docs/disruption.md from what `entrepot resilience` saved: `python benchmarks/resilience_page.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from prose import wrapped

from entrepot.configs.files import write_atomically

DOCS = Path(__file__).parents[1] / "docs"
Row = dict[str, Any]
Saved = dict[str, Any]


def main(
    figures: Annotated[Path, typer.Option(help="Saved by `entrepot resilience … --json`.")] = (
        DOCS / "results" / "resilience.json"
    ),
    exact: Annotated[Path, typer.Option(help="The same with `--observation exact`.")] = (
        DOCS / "results" / "resilience_exact.json"
    ),
    page: Annotated[Path, typer.Option(help="The page whose figures are written anew.")] = DOCS / "disruption.md",
) -> None:
    """Put the figures between the page's marks."""
    live, foreseen = (json.loads(path.read_text(encoding="utf-8")) for path in (figures, exact))
    text = page.read_text(encoding="utf-8")
    found = text_of(live, foreseen)
    changed, count = re.subn(
        r"(<!-- figures -->\n).*?(<!-- end -->)", lambda match: f"{match[1]}{found}\n{match[2]}", text, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"{page}: '<!-- figures -->' … '<!-- end -->' stands there {count} times; needed: once")
    write_atomically(page, changed)


def text_of(live: Saved, foreseen: Saved) -> str:
    """The section: what was measured as live, and what foresight is worth."""
    return wrapped(
        "\n\n".join(
            [
                _told(live),
                _table(live["rows"]),
                *_remarks(live),
                f"### What `{foreseen['provenance']['observation']}` foresees",
                "The same events and scenarios where each shipment's arrival is known as soon as it has left "
                "([results/resilience_exact.json](results/resilience_exact.json)). Rules were tuned under each observation "
                "model by itself, so that their difference is of covers too, and not of foresight alone; the module is "
                "the same. Nothing was paired episode by episode: where the two intervals overlap, the difference may "
                "be chance.",
                _compared(live["rows"], foreseen["rows"]),
            ]
        )
    )


def _told(saved: Saved) -> str:
    told = saved["provenance"]
    policies = ",".join(dict.fromkeys(str(row["policy"]) for row in saved["rows"]))
    tuned = {name: budget for name, budget in told["tuning"].items() if "tuned in" in budget}
    spent = f" Tuned: {'; '.join(f'{name} with {_budget(budget)}' for name, budget in tuned.items())}." if tuned else ""
    return (
        f"`entrepot resilience {told['network']} --policies {policies} --episodes {told['episodes']} --observation "
        f"{told['observation']} --history SALES`, {told['episodes']} episodes on months of the history that nobody was "
        "trained or tuned on; intervals of 95 %. Cost is of all days that count, not a day. The figures are in "
        f"[results/resilience.json](results/resilience.json).{spent}"
    )


def _budget(budget: str) -> str:
    """What was spent, without how long it took here."""
    return budget.rsplit(" in ", 1)[0]


def _table(rows: list[Row]) -> str:
    head = (
        "event",
        "policy",
        "fill rate without",
        "service kept during",
        "kept after",
        "worst market, during",
        "days to survive",
        "days to recover",
        "cost, USD",
    )
    lines, before = [], None
    for row in rows:
        event, before = "" if row["disruption"] == before else f"`{row['disruption']}`", row["disruption"]
        cells = (
            event,
            row["policy"],
            f"{row['fill_rate_without']:.1%}",
            _between(row, "service_kept", ".1%"),
            _between(row, "service_kept_after", ".1%"),
            f"{row['worst_market']} {row['worst_market_service_kept']:.1%}",
            _days(row, "time_to_survive_days", "never fell", "never_fell_share"),
            _days(row, "time_to_recover_days", "not yet", "not_recovered_share"),
            _between(row, "event_cost_usd", ",.0f"),
        )
        lines.append(" | ".join(cells).replace("%", " %"))
    return _lined(head, lines)


def _compared(live: list[Row], foreseen: list[Row]) -> str:
    head = ("event", "policy", "service kept, exact", "as live", "cost in USD, exact", "as live", "of exact")
    lines = []
    for row in foreseen:
        for other in live:
            if (other["disruption"], other["policy"]) == (row["disruption"], row["policy"]):
                cells = (
                    f"`{row['disruption']}`",
                    row["policy"],
                    *(_between(one, "service_kept", ".1%") for one in (row, other)),
                    *(_between(one, "event_cost_usd", ",.0f") for one in (row, other)),
                    f"{other['event_cost_usd'] / row['event_cost_usd'] - 1:+.0%}",
                )
                lines.append(" | ".join(cells).replace("%", " %").replace("| -", "| −"))
    return _lined(head, lines)


def _remarks(saved: Saved) -> list[str]:
    """What the command told, and which events nobody felt."""
    rows = saved["rows"]
    unfelt = [
        name
        for name in dict.fromkeys(row["disruption"] for row in rows)
        if all(row["event_cost_usd"] == 0 and row["service_kept"] == 1 for row in rows if row["disruption"] == name)
    ]
    told = []
    for line in saved["provenance"]["remarks"]:
        name, _, rest = line.partition(": ")
        told.append(f"- `{name}`: {rest}.")
    told += [f"- `{name}` changes nothing at all here: what it takes away is not used." for name in unfelt]
    return ["\n".join(told)] if told else []


def _lined(head: tuple[str, ...], lines: list[str]) -> str:
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {line} |" for line in lines)])


def _between(row: Row, name: str, form: str) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None:
        return "–"
    return f"{value:{form}} ({low:{form}} to {high:{form}})".replace("-", "−")


def _days(row: Row, name: str, beyond: str, share: str) -> str:
    told = f"{beyond} in {row[share]:.0%}"
    if row[name] is None:
        return told
    return f"{row[name]:.0f}" + (f"; {told}" if row[share] else "")


if __name__ == "__main__":
    typer.run(main)
