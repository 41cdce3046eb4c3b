"""What a demonstration shows: the mirror beside the world's own figures, once a moment or a line a day."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from entrepot.command_line.demo.world import Told
from entrepot.scheduler.alerts import kept as alerts
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.events.quantities import MILLION
from entrepot.scheduler.server.run import Server
from entrepot.scheduler.store.writer import Transaction

RELEASES, ALERTS = 8, 5


def look(turn: Transaction) -> dict[str, Any]:
    """What the scheduler knows, within the writer's turn."""
    places, mirror = turn.mirror.places, turn.mirror
    on_hand, dock = mirror.stock.units("on_hand", places).sum(axis=1), mirror.stock.units("dock", places).sum(axis=1)
    coming: Counter[int] = Counter()
    ways = places.names.lanes, places.names.skus, places.divisible
    for line in mirror.pipeline.open_shipments(*ways):
        coming[int(places.names.arrays.lane.destination[line.lane])] += line.units - line.received
    states = turn.connection.execute("SELECT state, count(*) FROM releases GROUP BY state").fetchall()
    return {
        "nodes": [
            {
                "node": name,
                "on hand": int(on_hand[node] // MILLION),
                "on the dock": int(dock[node] // MILLION),
                "on the way": coming[node] // MILLION,
                "heard": mirror.sources.heard_of(f"node {name}"),
            }
            for node, name in enumerate(places.names.arrays.nodes)
        ],
        "releases": [one for one in kept.releases(turn.connection, 40) if one["state"] != "nothing"][:RELEASES],
        "alerts": alerts.listed(turn.connection, "open", ALERTS),
        "open alerts": turn.connection.execute("SELECT count(*) FROM alerts WHERE state = 'open'").fetchone()[0],
        "states": dict(states),
    }


def drawn(
    server: Server, now: datetime, found: dict[str, Any], told: Told, days: list[dict[str, Any]]
) -> RenderableType:
    """The whole screen."""
    trouble = server.desk.trouble
    head = Text.assemble(
        (f"{server.writer.places.network.name}  {now:%Y-%m-%d %H:%M}", "bold"),
        f"   mode {server.desk.settings.mode}, {server.writer.position:,} events, {found['plans']} plans, "
        f"{found['open alerts']} open alerts",
        (f"\nno plan: {trouble}" if trouble else "", "yellow"),
    )
    return Group(
        head, _nodes(found["nodes"], now), _releases(found["releases"]), _alerts(found["alerts"]), _world(days)
    )


def line_of(day: dict[str, Any], found: dict[str, Any]) -> str:
    """A day where there is no screen."""
    return (
        f"{day['date']}: asked {day['asked_units']:,.0f}, lost {day['lost_units']:,.0f}, {day['usd']:,.0f} USD; "
        f"{day['orders']} orders of {day['ordered_units']:,.0f} units, shipped {day['shipped_units']:,.0f}; "
        f"{found['plans']} plans, {found['open alerts']} open alerts"
    )


def _nodes(rows: list[dict[str, Any]], now: datetime) -> Table:
    table = Table(title="What the mirror knows", title_justify="left")
    for name in ("node", "on hand", "on the dock", "on the way", "heard of, hours ago"):
        table.add_column(name, justify="left" if name == "node" else "right")
    for row in rows:
        hours = "never" if row["heard"] is None else f"{max(now.timestamp() - row['heard'] / 1e6, 0) / 3600:.0f}"
        table.add_row(row["node"], *(f"{row[name]:,}" for name in ("on hand", "on the dock", "on the way")), hours)
    return table


def _releases(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="Latest releases", title_justify="left")
    for name in ("lane", "departs", "state", "units"):
        table.add_column(name, justify="right" if name == "units" else "left")
    for row in rows:
        units = sum(line["units"] for line in msgspec.json.decode(row["lines"]))
        table.add_row(row["lane"], row["day"], row["state"], f"{units:,}")
    return table


def _alerts(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="Open alerts, most at stake first", title_justify="left")
    for name in ("kind", "USD", "what"):
        table.add_column(name, justify="right" if name == "USD" else "left")
    for row in rows:
        table.add_row(row["kind"], "" if row["usd"] is None else f"{row['usd']:,.0f}", row["message"])
    return table


def _world(days: list[dict[str, Any]]) -> Text:
    if not days:
        return Text("the first day is not over yet")
    asked, lost = (sum(day[name] for day in days) for name in ("asked_units", "lost_units"))
    share = lost / asked if asked else 0.0
    usd = sum(day["usd"] for day in days) / len(days)
    return Text(f"the world itself, {len(days)} days: {usd:,.0f} USD a day, {share:.2%} of units asked for were lost")
