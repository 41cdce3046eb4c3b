"""What is inside a warehouse, held against what is known exactly: `python benchmarks/warehouse.py --json FILE`.

Cases: pick_tour, slotting, age_replacement, downtime, availability, compile, speed. `speed` takes one thread and CPU
time, in turns, so that it can be measured on a busy machine; the others' figures hang on no clock, but for `compile`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import torch
import typer
import yaml
from machine import machine
from rich.console import Console
from rich.table import Table
from turns import Runner, in_turns, share_of, step_seconds

from entrepot.configs.figures import write_json
from entrepot.envs.maintenance import policies_of, upkeep
from entrepot.envs.network import load_network
from entrepot.envs.network.assortment import assortment_of
from entrepot.envs.network.equipment.arrays import best_age, life_of
from entrepot.envs.network.equipment.description import EquipmentClass, MaintenancePolicy, Serves
from entrepot.envs.network.inside.description import Inside
from entrepot.envs.network.inside.warehouse import Warehouse, tours
from entrepot.envs.network.picking.heuristics import ROUTINGS
from entrepot.envs.network.slotting import SLOTTINGS, slotted
from entrepot.training.evaluation.intervals import mean_interval, ratio_interval

Row = dict[str, Any]
LINES = (1, 5, 20, 100)
LISTS = 1000
SHAPES = (1.0, 1.5, 2.0, 3.0)
CURVE = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
HOURS = 8.0
AT_SPEED = (1024, 32)
"""Environments and SKUs."""
BEFORE: Path | None = None
"""Another checkout, to compare speed with."""


def pick_tour(quick: bool) -> list[Row]:
    """Rules against the exact tour, over positions of Los Angeles drawn alike."""
    positions, rng, rows = _los_angeles().positions, np.random.default_rng(0), []
    for lines in LINES:
        lists = rng.integers(0, len(positions), (LISTS, lines))
        shortest = tours(positions, lists, "exact")
        for name in ROUTINGS:
            found = tours(positions, lists, name)
            mean, exact = float(found.mean()), float(shortest.mean())
            low, high = ratio_interval(found, shortest)[1:]
            rows.append(
                {
                    "case": "pick_tour",
                    "heuristic": name,
                    "lines": lines,
                    "lists": LISTS,
                    "mean_m": mean,
                    "exact_mean_m": exact,
                    "gap_percent": 100 * (mean / exact - 1),
                    "gap_percent_low": 100 * (low - 1),
                    "gap_percent_high": 100 * (high - 1),
                    "tours_below_exact": int((found < shortest - 1e-9).sum()),
                }
            )
    return rows


def slotting(quick: bool) -> list[Row]:
    """Mean walk of single visits by each method; once with any goods anywhere, once with types reserved."""
    rows = []
    for goods, node in (("any", "vancouver"), ("types", "vancouver")):
        inside = load_network("kreen").inside
        assert inside is not None
        if goods == "any":
            content = inside.model_dump()
            content["goods"]["type_shares"] = {}
            content["warehouses"][node]["layout"]["reserved"] = {}
            inside = Inside.model_validate(content)
        warehouse = Warehouse.of(node, inside, assortment_of(load_network("kreen")))
        optimum = slotted(warehouse.stock, "assignment").single_visit_m(warehouse.stock)
        for method in SLOTTINGS:
            found = slotted(warehouse.stock, method, seed=0)
            mean = found.single_visit_m(warehouse.stock)
            rows.append(
                {
                    "case": "slotting",
                    "goods": goods,
                    "method": method,
                    "mean_m": mean,
                    "optimum_mean_m": optimum,
                    "above_optimum_m": mean - optimum,
                    "unplaced_skus": len(found.unplaced(warehouse.stock.goods.names)),
                }
            )
    return rows


def age_replacement(quick: bool) -> list[Row]:
    """Cost per hour of work at the best age, by the formula and by the twin's step."""
    rows = []
    for shape in SHAPES:
        # Shifts of an hour, so that units are looked at near their age; the standstill of a unit costs nothing here.
        fleet = _fleet(shape, hours_per_day=1.0, repair_usd=500.0, maintenance_usd=100.0, standstill_usd_per_hour=0.0)
        best = best_age(fleet)
        kept = fleet.model_copy(update={"maintenance": MaintenancePolicy.OPTIMAL_AGE})
        expected = life_of(fleet).cost_rate(best, planned=fleet.maintenance_usd, failure=fleet.repair_usd)
        units, days = (200, 20_000) if quick else (600, 60_000)
        found = upkeep(kept, units=units, days=days, warm_up_days=5_000, seed=1)
        mean, low, high = ratio_interval(found.cost_usd(kept), found.worked_hours)
        rows.append(
            {
                "case": "age_replacement",
                "shape": shape,
                "optimal_age_hours": None if np.isinf(best) else best,
                "cost_rate": expected,
                "simulated_cost_rate": mean,
                "simulated_low": low,
                "simulated_high": high,
                "off_percent": 100 * (mean / expected - 1),
            }
        )
    return rows


def downtime(quick: bool) -> list[Row]:
    """Standstill of the paper's equipment 155 over the shape of its life, under every policy, on the same dice."""
    inside = load_network("kreen").inside
    assert inside is not None
    described, rows = inside.warehouses["los_angeles"].equipment["equipment_155"], []
    units, days = (300, 1_500) if quick else (1_000, 4_000)
    for shape in CURVE:
        policies = policies_of(described.model_copy(update={"shape": shape}))
        found = {name: upkeep(kept, units=units, days=days, warm_up_days=1_000) for name, kept in policies.items()}
        first = found["run_to_failure"].standstill_share
        for name, kept in found.items():
            ratio, low, high = ratio_interval(kept.standstill_share, first)
            rows.append(
                {
                    "case": "downtime",
                    "policy": name,
                    "shape": shape,
                    "downtime_share": float(kept.standstill_share.mean()),
                    "against_run_to_failure": ratio - 1,
                    "against_run_to_failure_low": low - 1,
                    "against_run_to_failure_high": high - 1,
                }
            )
    return rows


def availability(quick: bool) -> list[Row]:
    """Of units that always work while they can, run to failure."""
    rows = []
    for shape in SHAPES:
        fleet = _fleet(shape, repair_hours=24.0)
        units, days = (300, 3_000) if quick else (1_000, 10_000)
        found = upkeep(fleet, units=units, days=days, warm_up_days=1_000, seed=2)
        measured = 1 - found.standstill_share
        low, high = mean_interval(measured)
        rows.append(
            {
                "case": "availability",
                "shape": shape,
                "expected": life_of(fleet).availability(repair_hours=fleet.repair_hours),
                "measured": float(measured.mean()),
                "measured_low": low,
                "measured_high": high,
            }
        )
    return rows


def compiling(quick: bool) -> list[Row]:
    """A warehouse of 20,000 positions: laid out, stock placed, pick lists drawn and routed."""
    assortment = assortment_of(load_network("kreen", skus=500))
    layout = {"area_m2": 15_000, "storage_m3": 36_470}
    inside = Inside.model_validate({"warehouses": {"large": {"layout": layout, "picking": {}}}})
    started = time.perf_counter()
    warehouse = Warehouse.of("large", inside, assortment)
    assert warehouse.picking_units_per_day is not None
    seconds = time.perf_counter() - started
    return [{"case": "compile", "positions": len(warehouse.positions), "skus": 500, "seconds": seconds}]


def speed(quick: bool) -> list[Row]:
    """The twin of kreen in turns: plain, with its inside only described, and with everything of it on.

    Plain is the same network that says nothing of what is inside; with `--before`, kreen by the code of another
    checkout, such as one from before equipment wore.
    """
    environments, skus = AT_SPEED
    rounds, steps = (30, 2) if quick else (150, 2)
    here = Path(__file__).parents[1]
    with TemporaryDirectory() as folder:
        bare = Path(folder) / "kreen_bare.yaml"
        described = load_network("kreen").model_copy(update={"inside": None})
        bare.write_text(yaml.safe_dump(described.model_dump(mode="json", exclude_none=True)), encoding="utf-8")
        runners = {
            "plain": Runner(str(bare), here) if BEFORE is None else Runner("kreen", BEFORE),
            "off": Runner("kreen", here),
            "everything on": Runner("kreen_inside", here),
        }
        seconds = in_turns(runners, environments=environments, skus=skus, rounds=rounds, steps=steps)
    agents = len(load_network("kreen").warehouses)
    rows = []
    for option, taken in seconds.items():
        share, low, high = share_of(seconds["plain"], taken)
        rows.append(
            {
                "case": "speed",
                "option": option,
                "agent_steps_per_s": environments * agents / step_seconds(taken),
                "share_of_plain": share,
                "share_of_plain_low": low,
                "share_of_plain_high": high,
                "plain_is": "no inside" if BEFORE is None else "another checkout",
            }
        )
    return rows


CASES: dict[str, Callable[[bool], list[Row]]] = {
    "pick_tour": pick_tour,
    "slotting": slotting,
    "age_replacement": age_replacement,
    "downtime": downtime,
    "availability": availability,
    "compile": compiling,
    "speed": speed,
}
Case = StrEnum("Case", [(name, name) for name in CASES])  # type: ignore[misc]


def main(
    case: Annotated[list[Case] | None, typer.Option(help="Cases to run; all if not given.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer units and days: wider intervals.")] = False,
    shape: Annotated[
        list[float] | None, typer.Option(help="Of lives; as many as the case asks for if not given.")
    ] = None,
    before: Annotated[
        Path | None, typer.Option(exists=True, help="Another checkout, whose kreen is the plain of `speed`.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same figures to this file.")] = None,
) -> None:
    """Run cases and print them."""
    global BEFORE, SHAPES, CURVE
    BEFORE = before and before.resolve()
    if shape:
        SHAPES = CURVE = tuple(shape)
    console, rows = Console(width=160), []
    for name in [str(one) for one in case] if case else CASES:
        with console.status(name):
            found = CASES[name](quick)
        rows += found
        table = Table(title=name)
        columns = [key for key in found[0] if key != "case"]
        for key in columns:
            table.add_column(key.replace("_", " "), justify="right")
        for row in found:
            table.add_row(*(f"{row[key]:.6g}" if isinstance(row[key], float) else str(row[key]) for key in columns))
        console.print(table)
    if json_file:
        write_json(json_file, rows, provenance={"quick": quick, "torch": torch.__version__, **machine()})


def _los_angeles() -> Warehouse:
    network = load_network("kreen")
    assert network.inside is not None
    return Warehouse.of("los_angeles", network.inside, assortment_of(network))


def _fleet(shape: float, **changes: float) -> EquipmentClass:
    figures = {"mtbf_hours": 500.0, "repair_hours": 10.0, "maintenance_hours": 3.0, "hours_per_day": HOURS} | changes
    return EquipmentClass(units=1, serves=Serves.DOCK, shape=shape, **figures)


if __name__ == "__main__":
    typer.run(main)
