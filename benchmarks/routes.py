"""Transfers planned: against every plan, against the clock, against today's practice: `python benchmarks/routes.py`.

Cases: exact, speed, practice. `practice` takes minutes: what nodes order of each other in the twin of kreen, on the
same days for all, sent by one fixed route with weekly booking and as the planner has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from machine import machine
from rich.console import Console
from rich.table import Table
from routes_cases import random_case
from routes_demand import DAYS, SEED, needs

from entrepot.agents.planners.transfers import Plan, Transfer, plan_transfers
from entrepot.agents.planners.transfers.every_plan import combinations, least_usd
from entrepot.agents.planners.transfers.plan import loads
from entrepot.agents.planners.transfers.practice import fixed_route_weekly, planned_daily
from entrepot.configs.errors import EntrepotError
from entrepot.configs.figures import write_json
from entrepot.envs.network import load_network
from entrepot.envs.network.routes import Goods, RouteMap, load_routes
from entrepot.training.evaluation.intervals import mean_interval, ratio_interval

Row = dict[str, Any]
CASES = 200
AGREE = 1e-7
"""Of the cost: so much apart is rounding."""
AT_ONCE = (1, 2, 5, 10)
WEDNESDAY = date(2026, 11, 25).toordinal()
HASTE = {"planned": 1.0, "planned_in_haste": 10.0}
"""What a day is worth over the capital that is tied up; 10 is an assumption."""


def exact(quick: bool) -> list[Row]:
    """The planner against every plan on small random cases."""
    plans, apart, refused, shared = 0, [], 0, 0
    cases = CASES // 10 if quick else CASES
    for seed in range(cases):
        routes, transfers, booked, carbon = random_case(seed)
        plans += combinations(transfers, routes)
        least = least_usd(transfers, routes, booked=booked, usd_per_kg_co2e=carbon)
        try:
            plan = plan_transfers(transfers, routes, booked=booked, usd_per_kg_co2e=carbon)
        except EntrepotError:  # departures have no room for all, or for one of them
            apart.append(0.0 if least == float("inf") else float("inf"))
            refused += 1
            continue
        apart.append(abs(plan.usd - least) / max(abs(least), 1e-9))
        shared += len(loads(transfers, plan.moves)) < sum(len(moves) for moves in plan.moves)
    return [
        {
            "case": "exact",
            "cases": cases,
            "plans_tried": plans,
            "equal": sum(difference <= AGREE for difference in apart),
            "largest_difference": max(apart),
            "with_a_shared_departure": shared,
            "without_room": refused,
        }
    ]


def speed(quick: bool) -> list[Row]:
    """Seconds to plan transfers of kreen: at random between its nodes, ready within a week, 1 to 20 m³ each."""
    network = load_network("kreen")
    routes = RouteMap.of(load_routes("kreen"), network.nodes)
    lanes = sorted({(lane.origin, lane.destination) for lane in network.lanes if lane.origin in network.nodes})
    lanes = [ends for ends in lanes if not ends[1].startswith("fba") or ends[0] in ("dongguan", "yiwu")]
    rng = np.random.default_rng(SEED)
    rows = []
    for count in AT_ONCE:
        seconds, gaps = [], []
        for _ in range(5 if quick else 20):
            transfers = [_random_transfer(rng, lanes[int(rng.integers(len(lanes)))], number) for number in range(count)]
            begun = time.perf_counter()
            plan = plan_transfers(transfers, routes)
            seconds.append(time.perf_counter() - begun)
            gaps.append(plan.gap)
        each = 1000 * np.array(seconds) / count
        rows.append(
            {
                "case": "speed",
                "transfers_at_once": count,
                "ms_per_transfer": float(np.median(each)),
                "ms_per_transfer_p95": float(np.quantile(each, 0.95)),
                "ms_per_transfer_longest": float(each.max()),
                "largest_gap": max(gaps),
            }
        )
    return rows


def _random_transfer(rng: np.random.Generator, ends: tuple[str, str], number: int) -> Transfer:
    m3, ready = float(rng.uniform(1, 20)), WEDNESDAY + int(rng.integers(0, 7))
    due = ready + (50 if {"hamburg", "fba_de"} & set(ends) else 35)
    return Transfer(f"t{number}", *ends, Goods(m3, 200 * m3), ready, due, usd_per_day=m3)


def practice(quick: bool) -> list[Row]:
    """Today's practice against the planner, which is never later than it."""
    routes = RouteMap.of(load_routes("kreen"), load_network("kreen").nodes)
    found: dict[str, list[Plan]] = {name: [] for name in ("fixed_route_weekly", *HASTE)}
    for asked in needs(episodes=3 if quick else 12):
        today = fixed_route_weekly(asked, routes)
        found["fixed_route_weekly"].append(today)
        for name, factor in HASTE.items():
            hasty = [replace(one, usd_per_day=factor * one.usd_per_day) for one in today.transfers]
            planned = planned_daily(hasty, routes)
            found[name].append(replace(planned, days_usd=planned.days_usd / factor))
    base = _figures(found["fixed_route_weekly"])
    rows = []
    for name, plans in found.items():
        row: Row = {"case": "practice", "policy": name, "transfers": float(np.mean([len(p.moves) for p in plans]))}
        for key, values in _figures(plans).items():
            row[key] = float(values.mean())
            row[f"{key}_low"], row[f"{key}_high"] = mean_interval(values)
        for key, ratio in (("days_m3", "days_ratio"), ("usd_per_m3", "cost_ratio"), ("kg_co2e_per_m3", "co2e_ratio")):
            row[ratio], row[f"{ratio}_low"], row[f"{ratio}_high"] = ratio_interval(_figures(plans)[key], base[key])
        rows.append(row)
    return rows


def _figures(plans: list[Plan]) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """By episode: days of a m³ from when it is asked for to arrival as scheduled, and what a m³ costs and emits."""
    m3 = np.array([sum(one.goods.m3 for one in plan.transfers) for plan in plans])
    days = [sum(one.goods.m3 * days for one, days in zip(plan.transfers, plan.days, strict=True)) for plan in plans]
    return {
        "days_m3": np.array(days) / m3,
        "usd_per_m3": np.array([plan.freight_usd + plan.days_usd for plan in plans]) / m3,
        "freight_usd_per_m3": np.array([plan.freight_usd for plan in plans]) / m3,
        "kg_co2e_per_m3": np.array([plan.kg_co2e for plan in plans]) / m3,
    }


RUN: dict[str, Callable[[bool], list[Row]]] = {"exact": exact, "speed": speed, "practice": practice}
Case = StrEnum("Case", [(name, name) for name in RUN])  # type: ignore[misc]


def main(
    case: Annotated[list[Case] | None, typer.Option(help="Cases to run; all if not given.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer cases and episodes: wider intervals.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Run cases and print them."""
    console, rows = Console(width=200), []
    for name in [str(one) for one in case] if case else RUN:
        begun = time.perf_counter()
        found = RUN[name](quick)
        rows += found
        table = Table(title=f"{name} ({time.perf_counter() - begun:.0f} s)")
        columns = [key for key in found[0] if key != "case"]
        for key in columns:
            table.add_column(key.replace("_", " "), justify="right")
        for row in found:
            table.add_row(*(f"{row[key]:.4g}" if isinstance(row[key], float) else str(row[key]) for key in columns))
        console.print(table)
    if json_file:
        write_json(json_file, rows, provenance={"quick": quick, "days": DAYS, "seed": SEED, **machine()})


if __name__ == "__main__":
    typer.run(main)
