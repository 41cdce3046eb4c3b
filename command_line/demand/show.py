"""`entrepot demand show`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from entrepot.command_line.demand.arguments import Json, Network, history_described
from entrepot.command_line.tables import console, table, tell, write_json
from entrepot.configs.loader import ConfigurationError, locate, read_yaml
from entrepot.envs.demand import Split, load_demand
from entrepot.envs.demand.calibrated import CalibratedDemand
from entrepot.envs.demand.calibration.traces import (
    Goods,
    Traces,
    market_traces,
    whole_units,
)
from entrepot.envs.demand.moments import moments, open_weeks
from entrepot.envs.network import NetworkArrays, load_network

EPISODES = 16
DAYS = 364


def show_demand(
    name: Annotated[str, typer.Argument(metavar="NAME", help="`calibrated`, `history`, or the path of a demand YAML.")],
    history: Annotated[
        Path | None, typer.Option(help="The sales history that `history` reads.", metavar="FILE")
    ] = None,
    network: Network = "kreen",
    skus: Annotated[int | None, typer.Option(min=1, help="How many SKUs to take from the network's catalogue.")] = None,
    split: Annotated[Split, typer.Option(help="Which part of the time line to draw from.")] = Split.TRAIN,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="Draw a sample, beside the real history where one is given.", metavar="FILE.png")
    ] = None,
    json: Json = None,
) -> None:
    """Print what a demand model draws: level, intermittency and spread in each market.

    Where `--history` is given, a calibrated model is set beside that history's training window, as the shipped
    `history` has it: that of Online Retail II.

    For example:

    `entrepot demand show calibrated --network kreen`

    `entrepot demand show my_demand.yaml --history sales.parquet --plot demand.png`

    `entrepot demand show calibrated --history online_retail.parquet --plot compared.png`
    """
    arrays = NetworkArrays.from_description(load_network(network, skus=skus))
    resampled = read_yaml(locate("demand", name)).get("kind") == "history"
    model = load_demand(name, arrays, path=history if resampled else None)
    traces = None
    if history is not None:
        place = name if resampled else "history"
        described = history_described(history, place)
        goods = Goods(arrays.skus, arrays.skus_drawn)
        traces = market_traces(described, arrays.markets, str(locate("demand", place)), goods)
    rng = np.random.default_rng(seed)
    first, days, weeks = model.first_days(EPISODES, rng), DAYS, None
    if traces is not None and isinstance(model, CalibratedDemand):
        # Over the very days of the history, so that seasons and feasts fall alike.
        trained = traces.days[slice(*traces.windows[Split.TRAIN])]
        first, days = np.full(EPISODES, trained[0]), len(trained)
        weeks = open_weeks(model.season.is_closed(trained))
    drawn = model.sample(first, days, split, rng)
    rows = [
        {"market": market, "from": "model", **_moment_row(drawn[:, :, column], weeks)}
        for column, market in enumerate(arrays.markets)
    ]
    if traces is not None:
        real = _history_rows(traces, len(arrays.skus), weeks, rng)
        rows = [row for pair in zip(rows, real, strict=True) for row in pair]
    out = console()
    tell([model.summary, *model.remarks], out)
    out.print(table(f"Demand of {len(arrays.skus):,} SKUs; units a day are a SKU's, on average", rows))
    if plot:
        _plot(plot, arrays.markets, first[0] + np.arange(days), drawn[0], traces)
    if json:
        provenance = {"command": "demand show", "demand": name, "network": network, "split": split.value, "seed": seed}
        write_json(json, rows, provenance={**provenance, "summary": model.summary, "remarks": model.remarks})


def _moment_row(units: Any, weeks: Any) -> dict[str, Any]:
    found = moments(units, weeks)
    return {
        "units_per_day": round(found.mean_units_per_day, 3),
        "zero_share": round(found.zero_share, 3),
        "coefficient_of_variation": round(found.coefficient_of_variation, 2),
        "weekly_log_deviation": round(found.weekly_log_deviation, 2),
        "weekly_autocorrelation": round(found.weekly_autocorrelation, 2),
        "weekly_correlation": round(found.weekly_correlation, 2),
    }


def _history_rows(traces: Traces, skus: int, weeks: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    window = slice(*traces.windows[Split.TRAIN])
    return [
        {"market": market, "from": f"history ({proxy.country})", **_moment_row(whole_units(sold, rng)[None], weeks)}
        for market, proxy, sold in zip(
            traces.markets, traces.proxies, (units[window, :skus] for units in traces.units), strict=True
        )
    ]


def _plot(path: Path, markets: Sequence[str], days: Any, drawn: Any, traces: Traces | None) -> None:
    from entrepot.envs.rendering.demand_chart import save_demand  # matplotlib takes a second to import

    try:
        save_demand(path, markets, days, drawn, traces)
    except OSError as error:
        raise ConfigurationError(f"--plot: {str(path)!r} can't be written: {error.strerror}") from error
    console().print(f"plot: {path}")
