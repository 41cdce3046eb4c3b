"""Write the calibrated generator's figures as a YAML file that a person can read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap

from entrepot.configs.files import write_atomically
from entrepot.envs.demand.calibrated import CalibratedDescription, MarketFigures, WeeklyFactor

WIDTH = 118


def write_calibrated(path: str | Path, figures: CalibratedDescription) -> None:
    """Write figures with their source beside each; the file is there whole or not at all.

    Args:
        path: the file to write; one that is there already is replaced.
        figures: as from `fit`.

    Raises:
        OSError: the folder can't be made or written to.
    """
    write_atomically(Path(path), as_yaml(figures))


def as_yaml(figures: CalibratedDescription) -> str:
    """The text of the file."""
    source = f"estimated from {figures.estimated_from}"
    lines = [
        "# Figures of the calibrated demand generator, written by `entrepot demand fit`.",
        f"# They were {source},",
        f"# on the training window alone, {figures.window.first} to {figures.window.last}.",
        f"kind: {figures.kind}",
        f"estimated_from: {_text(figures.estimated_from)}",
        f"window: {{first: {figures.window.first}, last: {figures.window.last}}}",
        *_list("month_index", figures.month_index, f"January to December, over the mean month; {source}"),
        *_list("weekday_index", figures.weekday_index, f"Monday to Sunday, over the mean day; {source}"),
        *_list("closed_days", [_text(day) for day in figures.closed_days], f"no sale in any year; {source}"),
        *_factor("shared_factor", figures.shared_factor, f"by week, common to all SKUs and markets; {source}"),
    ]
    if figures.assumed:
        lines += [*_texts("assumed", figures.assumed, "what the estimate left out, replaced or assumed")]
    if figures.skus is not None:
        lines += _texts("skus", figures.skus, "by rank of sales: whose figures they are")
    if figures.skus_by is not None:
        lines.append(f"skus_by: {figures.skus_by}")
    lines.append("markets:")
    for name, market in figures.markets.items():
        lines += [f"  {_text(name)}:", *(f"    {line}" for line in _market(market, source))]
    return "\n".join(lines) + "\n"


def _market(market: MarketFigures, source: str) -> Iterable[str]:
    if market.proxy is not None:
        proxy = market.proxy
        yield f"# A proxy: the sales of {proxy.country} stand for this market's. Scale and pooling are assumptions,"
        yield "# and are part of the figures below."
        yield f"proxy: {{country: {_text(proxy.country)}, scale: {proxy.scale}, pooled_skus: {proxy.pooled_skus}}}"
    yield from _factor("own_factor", market.own_factor, f"by week, each SKU's own; {source}")
    yield f"# how far selling days of the SKUs fall together; {source}"
    yield f"selling_correlation: {market.selling_correlation}"
    yield from _list("rank", market.rank, "of the SKU by sales over all markets")
    yield from _list("units_per_day", market.units_per_day, f"of each rank, over all days of a year; {source}")
    yield from _list("selling_share", market.selling_share, f"of days on which anyone may buy; {source}")
    yield from _list("size", market.size, f"of the negative binomial on those days; {source}")


def _factor(key: str, factor: WeeklyFactor, comment: str) -> list[str]:
    values = f"{{autocorrelation: {factor.autocorrelation}, deviation: {factor.deviation}}}"
    return [f"# {comment}", f"{key}: {values}"]


def _list(key: str, values: Iterable[object], comment: str) -> list[str]:
    body = wrap(f"{key}: [{', '.join(map(str, values))}]", width=WIDTH - 4, subsequent_indent="  ")
    return [f"# {comment}", *body]


def _texts(key: str, values: Iterable[str], comment: str) -> list[str]:
    # A line each: names may hold spaces and hyphens, at which a folded list would break.
    return [f"# {comment}", f"{key}:", *(f"  - {_text(value)}" for value in values)]


def _text(value: str) -> str:
    # A JSON string is a YAML string, whatever stands in it: a market may be called `no`.
    return json.dumps(value, ensure_ascii=False)
