"""`entrepot equipment`: how equipment is best maintained."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from entrepot.command_line.tables import Row, console, headed, table, tell, write_json
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import refuse_unwritable
from entrepot.envs.network import NetworkDescription, load_network
from entrepot.envs.network.equipment.arrays import best_age, life_of
from entrepot.envs.network.equipment.description import EquipmentClass

app = typer.Typer(
    no_args_is_help=True, help="Compare how equipment is maintained.", rich_markup_mode="markdown", add_completion=False
)

WARM_UP_YEARS = 1
DAYS_PER_YEAR = 365


@app.callback()
def _equipment() -> None:
    """Compare how equipment is maintained."""


@app.command("report")
def report(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="A network by name, or the path of a YAML file.")],
    equipment: Annotated[
        str | None,
        typer.Argument(metavar="NODE/CLASS", help="Such as los_angeles/forklifts; all classes if not given."),
    ] = None,
    shapes: Annotated[
        str | None, typer.Option(help="Comma-separated: the same at other shapes of the Weibull life.", metavar="1,2,3")
    ] = None,
    units: Annotated[int, typer.Option(min=10, help="Simulated, each by itself.")] = 400,
    years: Annotated[float, typer.Option(min=0.1, help="That count, after 1 of warm-up.")] = 5.0,
    use: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of each hour of a shift, at work.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the dice.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", help="Write the same figures to FILE.", metavar="FILE")] = None,
) -> None:
    """Compare maintenance policies on the same dice: standstill, failures and cost, with 95 % intervals.

    **Examples**

    * `entrepot equipment report kreen los_angeles/equipment_155`
    * `entrepot equipment report kreen los_angeles/equipment_155 --shapes 1,1.5,2,3,4`
    """
    from entrepot.envs.maintenance import policies_of  # torch takes seconds to import

    refuse_unwritable(json, "--json")
    out = console()
    rows: list[Row] = []
    for name, described in _chosen(load_network(network), network, equipment).items():
        for shape in _shapes(shapes) or [described.shape]:
            fleet = described.model_copy(update={"shape": shape})
            found = _rows(name, fleet, units=units, days=round(years * DAYS_PER_YEAR), use=use, seed=seed)
            rows += found
            out.print(headed(name, f": shape {shape:g}, {_theory(fleet)}"), soft_wrap=True)
            out.print(table("Maintenance", [_shown(row) for row in found]))
            if fleet.maintenance_age_hours is None:
                age = policies_of(fleet)["fixed_age"].maintenance_age_hours
                tell([f"assumed: fixed_age at {age:g} hours, half the mean time between failures"], out)
    if json:
        provenance = {"command": "equipment report", "network": network, "units": units, "years": years, "seed": seed}
        write_json(json, rows, provenance={**provenance, "use": use})


def _chosen(described: NetworkDescription, network: str, equipment: str | None) -> dict[str, EquipmentClass]:
    warehouses = described.inside.warehouses if described.inside is not None else {}
    known = {f"{node}/{name}": fleet for node, inside in warehouses.items() for name, fleet in inside.equipment.items()}
    if not known:
        raise ConfigurationError(f"{network}: has no equipment; give it under inside.warehouses")
    if equipment is None:
        return known
    if equipment not in known:
        raise ConfigurationError(f"{network}: has no equipment {equipment!r}; allowed: {', '.join(known)}")
    return {equipment: known[equipment]}


def _shapes(text: str | None) -> list[float]:
    try:
        shapes = [float(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        shapes = [0.0]
    if not all(0 < shape <= 20 for shape in shapes):
        raise ConfigurationError(f"--shapes: {text!r}; allowed: numbers above 0 and up to 20 with commas between")
    return shapes


def _theory(fleet: EquipmentClass) -> str:
    life, best = life_of(fleet), best_age(fleet)
    share = 1 - life.availability(repair_hours=fleet.repair_hours)
    never = "maintenance in time never pays" if math.isinf(best) else f"maintained at least cost at {best:,.0f} hours"
    return f"theory: run to failure stands still for {share:.2%}, {never}"


def _shown(row: Row) -> Row:
    gain, low, high = (row[f"against_run_to_failure{end}"] for end in ("", "_low", "_high"))
    return {
        "policy": row["policy"].replace("_", " "),
        "acts_at_hours": row["acts_at_hours"],
        "standing_still": f"{row['standstill_share']:.2%}",
        "against_run_to_failure": f"{gain:+.1%} ({low:+.1%} to {high:+.1%})",
        "failures_a_year": row["failures_per_year"],
        "maintenances_a_year": row["maintenances_per_year"],
        "mtbf_hours": row["mtbf_hours"],
        "usd_a_day": f"{row['usd_per_day']:.2f} ({row['usd_per_day_low']:.2f} to {row['usd_per_day_high']:.2f})",
    }


def _rows(name: str, fleet: EquipmentClass, *, units: int, days: int, use: float, seed: int) -> list[Row]:
    from entrepot.envs.maintenance import acts_at_hours, policies_of, upkeep
    from entrepot.training.evaluation.intervals import mean_interval, ratio_interval

    rows: list[Row] = []
    first = None
    for policy, kept in policies_of(fleet).items():
        found = upkeep(kept, units=units, days=days, warm_up_days=WARM_UP_YEARS * DAYS_PER_YEAR, use=use, seed=seed)
        still, cost = found.standstill_share, found.cost_usd(kept) / days
        first = first or found
        ratio, low, high = ratio_interval(still, first.standstill_share)
        cost_low, cost_high = mean_interval(cost)
        failures = found.failures.sum()
        rows.append(
            {
                "equipment": name,
                "shape": fleet.shape,
                "policy": policy,
                "acts_at_hours": acts_at_hours(kept),
                "standstill_share": float(still.mean()),
                "against_run_to_failure": ratio - 1,
                "against_run_to_failure_low": low - 1,
                "against_run_to_failure_high": high - 1,
                "failures_per_year": float(found.failures.mean() / days * DAYS_PER_YEAR),
                "maintenances_per_year": float(found.maintenances.mean() / days * DAYS_PER_YEAR),
                "mtbf_hours": float(found.worked_hours.sum() / failures) if failures else None,
                "usd_per_day": float(np.mean(cost)),
                "usd_per_day_low": cost_low,
                "usd_per_day_high": cost_high,
            }
        )
    return rows
