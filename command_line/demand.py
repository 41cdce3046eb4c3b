"""`entrepot demand`: check a sales history, look at a demand model, fit the calibrated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from entrepot.command_line.tables import Row, console, table, tell, write_json
from entrepot.configs.files import refuse_unwritable
from entrepot.configs.loader import ConfigurationError, locate, read_yaml, validate
from entrepot.envs.demand import Split, load_demand
from entrepot.envs.demand.calibrated import CalibratedDemand
from entrepot.envs.demand.calibration.daily_file import write_daily_sales
from entrepot.envs.demand.calibration.figures_file import write_calibrated
from entrepot.envs.demand.calibration.fit import fit
from entrepot.envs.demand.calibration.records import read_sales
from entrepot.envs.demand.calibration.traces import (
    Goods,
    HistoryDescription,
    Traces,
    market_traces,
    whole_units,
)
from entrepot.envs.demand.moments import moments, open_weeks
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.snapshot import calendar

app = typer.Typer(
    no_args_is_help=True,
    help="Look at demand, and fit it to a sales history.",
    rich_markup_mode="markdown",
    add_completion=False,
)

History = Annotated[
    Path,
    typer.Argument(metavar="HISTORY", help="A .parquet, .csv or .csv.gz of date, sku, market or country, units_sold."),
]
Network = Annotated[str, typer.Option(help="The network whose markets are wanted: a shipped name or a YAML file.")]
Markets = Annotated[
    str,
    typer.Option(
        "--markets-from", help="A demand YAML of kind `history`: windows, and which country stands for a market."
    ),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the same figures to FILE.", metavar="FILE")]

EPISODES = 16
DAYS = 364


@app.command("check")
def check_history(
    history: History, network: Network = "kreen", markets_from: Markets = "history", json: Json = None
) -> None:
    """Report what a sales history holds, and every row that can't be used, with line numbers.

    Lines are counted as an editor does: in a CSV the header is line 1.

    The shipped `history` has the windows of Online Retail II, 2009 to 2011; for sales of your own write a YAML.

    For example:

    `entrepot demand check sales.csv --network kreen --markets-from my_demand.yaml`

    `entrepot demand check sales.parquet --network my_network.yaml --markets-from my_demand.yaml`
    """
    described = _described(history, markets_from)
    arrays = NetworkArrays.from_description(load_network(network))
    names, source = arrays.markets, str(locate("demand", markets_from))
    wanted = tuple(described.markets[name].country for name in names if name in described.markets)
    # The report comes first: what it says may be why the traces can't be made.
    report = read_sales(history, keys=described, known_markets=names, used_countries=wanted).report
    out = console()
    tell(report.lines(), out)
    traces = market_traces(described, names, source, Goods(arrays.skus, arrays.skus_drawn))
    tell([line for line in traces.account if line not in report.lines()], out)
    rows = _window_rows(traces)
    out.print(table("Units a day by window", rows))
    if json:
        provenance = {"command": "demand check", "history": str(history), "network": network}
        write_json(json, rows, provenance=provenance, report=asdict(report))


@app.command("fit")
def fit_history(
    history: History,
    out: Annotated[Path, typer.Option("--out", help="The YAML to write.", metavar="FILE.yaml")],
    network: Network = "kreen",
    markets_from: Markets = "history",
    source: Annotated[
        str | None,
        typer.Option(
            help="Name, reference and licence of the history, to stand beside each figure. [default: the file's name]"
        ),
    ] = None,
) -> None:
    """Estimate the calibrated generator from a history's training window, and write it as a YAML.

    The file then works wherever a demand model is asked for, without the history: `demand=fitted.yaml`. It has the
    markets of the network, and all others that the demand YAML names.

    For example:

    `entrepot demand fit sales.parquet --network kreen --markets-from my_demand.yaml --out fitted.yaml`

    `entrepot demand fit sales.csv --markets-from my_demand.yaml --out fitted.yaml --source "our shop, 2024 and 2025"`
    """
    refuse_unwritable(out, "--out")
    described = _described(history, markets_from)
    arrays, place = NetworkArrays.from_description(load_network(network)), str(locate("demand", markets_from))
    names, goods = list(arrays.markets), Goods(arrays.skus, arrays.skus_drawn)
    traces = market_traces(described, names, place, goods)
    others = [
        name for name, proxy in described.markets.items() if name not in names and proxy.country in traces.report.places
    ]
    if others:
        traces = market_traces(described, [*names, *others], place, goods)
    tell([*traces.report.lines(), *traces.joined, *traces.remarks], console())
    figures = fit(traces, estimated_from=source or history.name)
    try:
        write_calibrated(out, figures)
    except OSError as error:
        raise ConfigurationError(f"--out: {str(out)!r} can't be written: {error.strerror}") from error
    console().print(f"written: {out}, figures for {', '.join(figures.markets)}", soft_wrap=True)


@app.command("days")
def write_days(
    history: History,
    out: Annotated[Path, typer.Option("--out", help="The file to write.", metavar="FILE.csv")],
    network: Network = "kreen",
    markets_from: Markets = "history",
) -> None:
    """Write a history as the daily sales of a network's markets and SKUs, as `entrepot decide --sales` reads them.

    Weeks and months are spread over their days, names are joined and proxies scaled, as wherever the history is used.

    For example:

    `entrepot demand days weekly.csv --network my_network.yaml --markets-from my_demand.yaml --out daily.csv`
    """
    refuse_unwritable(out, "--out")
    described = _described(history, markets_from)
    arrays = NetworkArrays.from_description(load_network(network))
    goods = Goods(arrays.skus, arrays.skus_drawn)
    traces = market_traces(described, arrays.markets, str(locate("demand", markets_from)), goods)
    tell(traces.account, console())
    rows = write_daily_sales(out, traces, arrays.skus)
    days = traces.days
    console().print(
        f"written: {out}, {rows:,} rows of sales from {calendar.iso(int(days[0]))} to {calendar.iso(int(days[-1]))}; "
        "days without a row sold nothing",
        soft_wrap=True,
    )


@app.command("show")
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
        described, place = _described(history, name if resampled else "history"), name if resampled else "history"
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


def _described(history: Path, markets_from: str) -> HistoryDescription:
    path = locate("demand", markets_from)
    content = read_yaml(path)
    if content.pop("kind", None) != "history":
        raise ConfigurationError(f"{path}: kind: a demand YAML of kind 'history' is needed here")
    return validate(HistoryDescription, {**content, "path": str(history)}, path)


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


def _window_rows(traces: Traces) -> list[Row]:
    return [
        {
            "market": market,
            "sales_of": proxy.country,
            "skus": units.shape[1],
            **{f"{split.value}_units_per_day": _total(units, traces.windows[split]) for split in Split},
        }
        for market, proxy, units in zip(traces.markets, traces.proxies, traces.units, strict=True)
    ]


def _total(units: Any, window: tuple[int, int]) -> float:
    return round(float(units[slice(*window)].sum(axis=1).mean()), 2)


def _plot(path: Path, markets: Sequence[str], days: Any, drawn: Any, traces: Traces | None) -> None:
    from entrepot.envs.rendering.demand_chart import save_demand  # matplotlib takes a second to import

    try:
        save_demand(path, markets, days, drawn, traces)
    except OSError as error:
        raise ConfigurationError(f"--plot: {str(path)!r} can't be written: {error.strerror}") from error
    console().print(f"plot: {path}")
