"""What the live scheduler stands: `python benchmarks/live.py [--case …] --json FILE`; server and load run apart.

`ingest`: events at a fixed rate; each is timed from the moment at which it was due to its answer, which comes after the
commit and after the mirror has it; with ENTREPOT_STORE set, over that PostgreSQL database, which must be empty. `knee`:
the last rate at which 99 % are visible within 100 ms. `restart`: from the start of a process to the first answer, after
an ordered end and after a kill. `faults`: kill -9 at random instants. `plan`: from a mirror of kreen with more SKUs to
a plan. `allocate`: customers' orders of 100 lines over 20 and over 200 warehouses, one after the other on one thread.
`alert`: from an event to its alert and its webhook. `closed_loop`: the twin plays the world through the scheduler.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from live_alerts import alert
from live_allocation import allocate
from live_closed_loop import closed_loop
from live_faults import trials
from live_load import Line, Process, open_store, pick
from live_process import START, STORE, places
from live_restart import restart
from machine import machine
from rich.console import Console
from rich.table import Table

from entrepot.agents.inference import load
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.figures import write_json
from entrepot.envs.network import load_network
from entrepot.scheduler.clock import FastClock, SimulatedClock, microseconds
from entrepot.scheduler.decisions.plan import make_plan
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.events.data import Count, Demand
from entrepot.scheduler.events.envelope import Key, written
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.ranks import Rank
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.writer import Writer

CASES = ["ingest", "knee", "restart", "plan", "allocate", "alert", "faults", "closed_loop"]
WAREHOUSES = (20, 200)
KNEE_MS, KNEE_SECONDS = 100.0, 10.0
RATES = (1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000, 16_000, 24_000, 32_000, 48_000)
LINES = 8
BATCHES_A_SECOND = 20
"""Of each connection: what comes within so long travels together."""


def main(
    case: Annotated[list[str], typer.Option(help="Which to run; may be repeated.")] = CASES,
    rate: Annotated[int, typer.Option(help="Events a second for ingest.")] = 5_000,
    seconds: Annotated[float, typer.Option(help="So long.")] = 60.0,
    stored: Annotated[int, typer.Option(help="Events in the log for restart.")] = 1_000_000,
    kept: Annotated[
        Path | None,
        typer.Option(
            "--folder", help="For restart and closed_loop: what was made or played is kept here, and gone on with."
        ),
    ] = None,
    skus: Annotated[int, typer.Option(help="Of kreen, for plan.")] = 2_000,
    orders: Annotated[int, typer.Option(help="Customers' orders for each row of allocate.")] = 100,
    alerts: Annotated[int, typer.Option(help="How often stock runs out for alert.")] = 100,
    days: Annotated[int, typer.Option(help="Of closed_loop.")] = 120,
    loop_skus: Annotated[int, typer.Option(help="Of kreen, for closed_loop.")] = 32,
    scenarios: Annotated[int, typer.Option(help="Of closed_loop.")] = 8,
    most_seconds: Annotated[
        float, typer.Option(help="Begin no play of closed_loop and no life of faults after so many.")
    ] = 1e9,
    history: Annotated[
        Path | None, typer.Option(help="Daily sales that closed_loop draws its demand from; generated if not given.")
    ] = None,
    kills: Annotated[int, typer.Option(help="For faults.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the instants of faults.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Run cases and print a row for each."""
    rows: list[dict[str, Any]] = []
    for name in case:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            found: list[dict[str, Any]] = []
            if name == "ingest":
                found = [ingest(folder, rate, seconds)]
            elif name == "knee":
                found = [knee(folder, min(seconds, KNEE_SECONDS))]
            elif name == "restart":
                found = restart(kept or folder, stored)
            elif name == "plan":
                found = [plan(skus)]
            elif name == "allocate":
                found = [allocate(100, warehouses, orders) for warehouses in WAREHOUSES]
            elif name == "alert":
                found = [alert(folder, alerts)]
            elif name == "closed_loop":
                found = closed_loop(days, loop_skus, scenarios, history, kept, most_seconds)
            elif name == "faults":
                found = [trials(folder, kills, seed, most_seconds)]
            else:
                raise ConfigurationError(f"--case: {name!r}; allowed: {', '.join(CASES)}")
        for row in found:
            _print(row)
        rows.extend(found)
    if json_file:
        write_json(json_file, rows, provenance={"command": "benchmarks/live.py", **machine()})


def ingest(folder: Path, rate: int, seconds: float) -> dict[str, Any]:
    """Open load: what isn't answered in time delays what comes after it on its line, and that is counted."""
    open_store(folder)
    begun = time.time()
    clock = FastClock(START, 1.0, begun)
    size = max(rate // (LINES * BATCHES_A_SECOND), 1)
    each = int(seconds * BATCHES_A_SECOND)
    delays: list[float] = []
    lost: list[int] = []
    with Process(folder, begun, 1.0) as process:
        start = time.monotonic() + 0.5

        def run(place: int) -> None:
            line, own, refused = Line(process.port, folder), [], 0
            for batch in range(each):
                due = start + (batch + place / LINES) / BATCHES_A_SECOND
                time.sleep(max(due - time.monotonic(), 0))
                first = batch * size
                told = [pick(f"/wms/{place}", first + one, clock.now()) for one in range(1, size + 1)]
                answers = line.ask("POST", "/v1/events", told)["answers"]
                refused += sum(answer["outcome"] != "accepted" for answer in answers)
                own.extend([time.monotonic() - due] * size)
            delays.extend(own)
            lost.append(refused)

        threads = [threading.Thread(target=run, args=(place,)) for place in range(LINES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, cpu = time.monotonic() - start, process.cpu_seconds()
    milliseconds = 1000 * np.array(delays)
    store = os.environ.get(STORE)
    writer = Writer(folder, places(), SimulatedClock(START), store=store)
    kept = writer.submit(
        lambda turn: turn.connection.execute("SELECT count(*) FROM events WHERE source LIKE '/wms/_'").fetchone()[0]
    ).result()
    writer.close()
    return {
        "case": "ingest",
        "store": "sqlite" if store is None else "postgresql",
        "cpu_s_per_100k_events": 1e5 * cpu / len(delays),
        "events_per_second": len(delays) / took,
        "visible_ms_p50": float(np.percentile(milliseconds, 50)),
        "visible_ms_p99": float(np.percentile(milliseconds, 99)),
        "acknowledged": len(delays) - sum(lost),
        "lost": len(delays) - sum(lost) - int(kept),
        "delivered_within_100_ms_share": float((milliseconds <= 100).mean()),
    }


def knee(folder: Path, seconds: float) -> dict[str, Any]:
    """The last of ever higher rates at which 99 % of events are visible within 100 ms, and the first at which not.

    The load is made by one process of Python, which is the first to give in on few cores: what it can't send in time
    counts as late, so the knee that is found is a lower bound of the server's own.
    """
    best: dict[str, Any] = {"events_per_second": 0.0, "visible_ms_p99": 0.0}
    for rate in RATES:
        found = ingest(folder / str(rate), rate, seconds)
        if found["visible_ms_p99"] > KNEE_MS or found["lost"]:
            break
        best = found
    return {
        "case": "knee",
        "events_per_second": best["events_per_second"],
        "visible_ms_p99": best["visible_ms_p99"],
        "beyond_events_per_second": found["events_per_second"],
        "beyond_visible_ms_p99": found["visible_ms_p99"],
        "lost": found["lost"],
    }


def plan(skus: int, repetitions: int = 20) -> dict[str, Any]:
    """Kreen with stock at every node and 60 days of demand; all made up."""
    of, now, random = Places.of(load_network("kreen", skus=skus)), START, np.random.default_rng(0)
    mirror, arrays = Mirror(of), of.names.arrays
    count = 0
    for node in arrays.nodes:
        for sku in arrays.skus:
            count += 1
            data = Count(node=node, sku=sku, on_hand=int(random.integers(20, 200)))
            mirror.apply(written(Key("/wms/0", 1, count), "entrepot.count.v1", now, data))
    rank = Rank(0, microseconds(now), b"")
    for day in range(1, 61):
        date = (now - timedelta(days=day)).date()
        for market in arrays.markets:
            for sku in arrays.skus:
                mirror.demand.tell(Demand(market=market, sku=sku, date=date, units=int(random.poisson(2))), rank)
    module = load(Path(__file__).parents[1] / "checkpoints" / "released" / "kreen-pathwise")
    snapshots, decisions, plans = [], [], []
    for _ in range(repetitions):
        begun = time.monotonic()
        found = recorded(mirror, now)
        snapshots.append(time.monotonic() - begun)
        asked = time.monotonic()
        make_plan(module, of, Settings(), found, dict.fromkeys(arrays.lanes, 0), now)
        decisions.append(time.monotonic() - asked)
        plans.append(time.monotonic() - begun)
    return {
        "case": "plan",
        "skus": skus,
        "snapshot_ms_p99": 1000 * float(np.percentile(snapshots, 99)),  # while the writer waits
        "decide_ms_p99": 1000 * float(np.percentile(decisions, 99)),
        "plan_ms_p50": 1000 * float(np.percentile(plans, 50)),
        "plan_ms_p99": 1000 * float(np.percentile(plans, 99)),
    }


def _print(row: dict[str, Any]) -> None:
    table = Table()
    for name in row:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_row(*(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(datetime.now(UTC).isoformat(timespec="seconds"), table)


if __name__ == "__main__":
    typer.run(main)
