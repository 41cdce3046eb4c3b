"""Figures, tables and their provenance as the results page words them."""

from __future__ import annotations

from collections.abc import Sequence

from study_saved import Results


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
