"""`entrepot demand days`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entrepot.command_line.demand.arguments import History, Markets, Network, history_described
from entrepot.command_line.tables import console, tell
from entrepot.configs.files import refuse_unwritable
from entrepot.configs.loader import locate
from entrepot.envs.demand.calibration.daily_file import write_daily_sales
from entrepot.envs.demand.calibration.traces import (
    Goods,
    market_traces,
)
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.snapshot import calendar


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
    described = history_described(history, markets_from)
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
