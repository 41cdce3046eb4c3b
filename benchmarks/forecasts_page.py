"""Write docs/forecasts.md from docs/results/forecasts.json: `python benchmarks/forecasts_page.py`."""

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


def main(
    figures: Annotated[Path, typer.Option(help="What forecasts.py saved.")] = DOCS / "results" / "forecasts.json",
    page: Annotated[Path, typer.Option(help="The page whose figures are written anew.")] = DOCS / "forecasts.md",
) -> None:
    """Put the figures between the page's marks."""
    content = json.loads(figures.read_text(encoding="utf-8"))
    found = text_of(content["rows"], content["provenance"])
    text = page.read_text(encoding="utf-8")
    changed, count = re.subn(
        r"(<!-- figures -->\n).*?(<!-- end -->)", lambda match: f"{match[1]}{found}\n{match[2]}", text, flags=re.DOTALL
    )
    if count != 1:
        raise SystemExit(f"{page}: '<!-- figures -->' … '<!-- end -->' stands there {count} times; needed: once")
    write_atomically(page, changed)


def text_of(rows: list[Row], provenance: Row) -> str:
    """The section of figures."""
    demand = [row for row in rows if row["case"] == "demand"]
    warnings = [row for row in rows if row["case"] == "warning"]
    together = [row for row in demand if row["market"] == "all"]
    markets = list(dict.fromkeys(row["market"] for row in demand if row["market"] != "all"))
    spans = list(dict.fromkeys(row["days"] for row in demand))
    parts = [
        "## Demand, from held-out history",
        f"`{provenance['command']}`: {together[0]['series']} series of SKUs in {', '.join(markets)}, "
        f"{together[0]['origins']} weekly origins over the months that nothing was fitted on. Loss is the mean pinball loss of "
        f"{len(provenance['levels'])} quantiles ({provenance['levels'][0]:g} to {provenance['levels'][-1]:g}) for each unit "
        "sold; intervals are over series. Methods that begin with `sf_` are statsforecast's; where a method has no spread of "
        "its own, it gets the one that its own earlier errors had, series by series.",
        *(f"**{line[0].upper()}{line[1:]}.**" for line in provenance["not_measured"]),
        _table(
            ["days", "method", "loss a unit", "of seasonal naive", "in 80 %", "in 95 %", "bias"],
            [
                [
                    row["days"],
                    f"`{row['method']}`",
                    f"{row['pinball_share']:.3f}",
                    f"{row['pinball_ratio']:.1%} ({row['pinball_ratio_low']:.1%} to {row['pinball_ratio_high']:.1%})",
                    f"{row['coverage_80']:.1%}",
                    f"{row['coverage_95']:.1%}",
                    _signed(row["bias_share"]),
                ]
                for row in together
            ],
        ),
        "By market, loss as a share of seasonal naive's:",
        _table(
            ["market", "zero sums", "days", *(f"`{name}`" for name in _methods(together))],
            [
                [
                    market,
                    f"{_of(demand, market, days, 'seasonal_naive')['zero_share']:.0%}",
                    days,
                    *(_best(demand, market, days, name) for name in _methods(together)),
                ]
                for market in markets
                for days in (spans[0], spans[-1])
            ],
        ),
        _verdict(demand, [*markets, "all"], spans),
    ]
    if warnings:
        twin = provenance["twin"]
        parts += [
            "## Warnings of stock-outs",
            f"On the twin of kreen, {twin['episodes']} scenarios of {twin['days']} days made of the held-out months' demand, "
            f"after {twin['warm_up_days']} of warm-up. A warning is due where the chance that a node runs out of a SKU until "
            "the end of its fastest lane's lead time (28 days at the most) is above a threshold, with what is on the way "
            "counted when it arrives. Each method's threshold is that with the highest F1 on validation scenarios. "
            "Precision: of warnings, day by day, those that a stock-out followed in that time. Recall: of stock-outs that "
            "began, those warned of a day before or sooner. `mean_of_28_days` is what alerts went by before: recent demand "
            "against stock, no chance.",
            _table(
                ["rule", "method", "threshold", "precision", "recall", "days of warning", "average precision"],
                [
                    [
                        f"`{row['rule']}`",
                        f"`{row['method']}`",
                        f"{row['threshold']:.2f}",
                        _interval(row, "precision", "{:.0%}"),
                        _interval(row, "recall", "{:.0%}"),
                        _interval(row, "days_of_warning", "{:.1f}"),
                        f"{row['average_precision']:.3f}",
                    ]
                    for row in warnings
                ],
            ),
            f"Before {warnings[0]['cell_days_before_stock_out_share']:.1%} to "
            f"{max(row['cell_days_before_stock_out_share'] for row in warnings):.1%} of the cell-days there is a stock-out, "
            "which is what a warning at random would score as average precision. More than half of the stock-outs come "
            "unwarned of at these thresholds; why, was not looked into.",
        ]
    return wrapped("\n\n".join(parts))


def _verdict(demand: list[Row], markets: list[str], spans: list[int]) -> str:
    """Where ours is best, and where it isn't."""
    lines = []
    for market in markets:
        for days in spans:
            here = [row for row in demand if row["market"] == market and row["days"] == days]
            best = min(here, key=lambda row: float(row["pinball_share"]))
            ours = _of(demand, market, days, "negative_binomial")
            if best is not ours:
                behind = ours["pinball_share"] / best["pinball_share"] - 1
                lines.append(f"{market} {days} days `{best['method']}` (by {behind:.1%})")
    if not lines:
        return "`negative_binomial`, the default, has the lowest loss everywhere."
    return (
        f"The default, `negative_binomial`, has the lowest loss in {len(markets) * len(spans) - len(lines)} of "
        f"{len(markets) * len(spans)} cases. It loses in: {', '.join(lines)}."
    )


def _methods(rows: list[Row]) -> list[str]:
    return [name for name in dict.fromkeys(row["method"] for row in rows) if name != "seasonal_naive"]


def _of(rows: list[Row], market: str, days: int, method: str) -> Row:
    return next(row for row in rows if (row["market"], row["days"], row["method"]) == (market, days, method))


def _best(rows: list[Row], market: str, days: int, method: str) -> str:
    """The ratio, in bold where no method's is lower."""
    ratio = _of(rows, market, days, method)["pinball_ratio"]
    least = min(row["pinball_ratio"] for row in rows if (row["market"], row["days"]) == (market, days))
    return f"**{ratio:.1%}**" if ratio == least else f"{ratio:.1%}"


def _interval(row: Row, name: str, form: str) -> str:
    value, low, high = (form.format(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{value} ({low} to {high})"


def _signed(share: float) -> str:
    return f"{share:+.1%}".replace("-", "−")


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


if __name__ == "__main__":
    typer.run(main)
