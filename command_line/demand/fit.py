"""`entrepot demand fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entrepot.command_line.demand.arguments import History, Markets, Network, history_described
from entrepot.command_line.tables import console, tell
from entrepot.configs.files import refuse_unwritable
from entrepot.configs.loader import ConfigurationError, locate
from entrepot.envs.demand.calibration.figures_file import write_calibrated
from entrepot.envs.demand.calibration.fit import fit
from entrepot.envs.demand.calibration.traces import (
    Goods,
    market_traces,
)
from entrepot.envs.network import NetworkArrays, load_network


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
    described = history_described(history, markets_from)
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
