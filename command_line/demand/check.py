"""`entrepot demand check`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from entrepot.command_line.demand.arguments import History, Json, Markets, Network, history_described
from entrepot.command_line.tables import Row, console, table, tell, write_json
from entrepot.configs.loader import locate
from entrepot.envs.demand import Split
from entrepot.envs.demand.calibration.records import read_sales
from entrepot.envs.demand.calibration.traces import (
    Goods,
    Traces,
    market_traces,
)
from entrepot.envs.network import NetworkArrays, load_network


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
    described = history_described(history, markets_from)
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
