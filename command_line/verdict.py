"""Print an evaluation as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrepot.command_line.tables import table
from entrepot.envs.twin import Costs
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import PRACTICE, Evaluation

KPIS = (
    ("fill_rate", "fill rate", "{:.1%}"),
    ("stock_out_rate", "stock-out rate", "{:.1%}"),
    ("lost_share", "lost sales", "{:.2%}"),
    ("satisfaction", "satisfaction, a function assumed", "{:.1%}"),
    ("inventory_turnover_per_year", "turns a year", "{:.1f}"),
    ("order_response_days", "order response, days", "{:.2f}"),
    ("replenishment_response_days", "replenishment, days", "{:.1f}"),
    ("transfers_per_month", "transfers a month", "{:.0f}"),
    ("freight_usd_per_unit", "freight, USD/unit", "{:.2f}"),
    ("transit_days_per_unit", "transit, days/unit", "{:.1f}"),
    ("kg_co2e_per_day", "kg CO₂e a day", "{:,.0f}"),
    # Where layouts give the rates, and where equipment wears.
    ("pick_hours_per_day", "pick hours a day, people", "{:,.1f}"),
    ("pick_equipment_hours_per_day", "pick hours a day, equipment", "{:,.1f}"),
    ("equipment_standstill_share", "equipment standing still", "{:.2%}"),
    ("equipment_failures_per_month", "equipment failures a month", "{:.1f}"),
    ("equipment_maintenances_per_month", "maintenances a month", "{:.1f}"),
    ("equipment_mtbf_hours", "hours of work between failures", "{:,.0f}"),
    ("equipment_maintenance_usd_per_day", "maintenance, USD a day", "{:,.0f}"),
    ("space_used_share", "space used", "{:.1%}"),
    # Where records can be wrong.
    ("record_accuracy", "records that are right", "{:.1%}"),
    ("record_units_off_share", "units off, of units in stock", "{:.2%}"),
    ("shrunk_units_per_day", "units vanished a day", "{:,.2f}"),
    ("counts_per_day", "counts a day", "{:,.1f}"),
    ("counting_usd_per_day", "counting, USD a day", "{:,.0f}"),
    # Where goods perish, and where a node is Amazon's.
    ("expired_units_per_day", "expired, units a day", "{:,.1f}"),
    ("fba_aged_share", "FBA stock that is old", "{:.1%}"),
    ("fba_cut_units_per_day", "FBA orders cut, units a day", "{:,.1f}"),
    ("fba_removed_units_per_day", "FBA removed, units a day", "{:,.1f}"),
)


STANDSTILL = "standstill_share_"
"""What the keys of KPIs by class of equipment begin with."""
NOT_MEASURED = "–"


def print_evaluation(judged: Evaluation, world: World, budgets: Mapping[str, str], out: Console) -> None:
    """Cost with stock settled, its parts, KPIs, paired differences, and what to know before they are believed."""
    settings, rows = judged.settings, judged.rows()
    title = (
        f"{world.description.name}, {len(world.network.skus)} SKUs: {settings.episodes} {judged.split} episodes of "
        f"{settings.days} days after {settings.warm_up_days} days of warm-up, seed {settings.seed}"
    )
    shown, nothing = told_and_nothing(rows)
    out.print(_upright(f"Cost, USD a day · {title}", rows, _cost_lines(rows, shown)))
    if nothing:
        names = ", ".join(name.replace("_", " ") for name in nothing)
        out.print(Text(f"nothing was paid for: {names}", style="dim"), soft_wrap=True)
    measured = [(label, _told(rows, key, text)) for key, label, text in (*KPIS, *_by_class(rows))]
    out.print(_upright("KPIs", rows, [line for line in measured if set(line[1]) != {NOT_MEASURED}]))
    paired = judged.told_pairs()
    if paired:
        against = "" if judged.best_rule is None else f" from {judged.best_rule}, the best rule here"
        out.print(table(f"Paired differences{against}, 95 % intervals", [_paired_row(pair) for pair in paired]))
    for line in judged.remarks():
        out.print(Text(f"remark: {line}", style="yellow"), soft_wrap=True)
    for policy, line in [*budgets.items(), *judged.effort.items()]:
        out.print(Text(f"{policy}: {line}", style="dim"))


def _by_class(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """KPIs of each class of equipment that wears."""
    keys = [key for key in rows[0] if key.startswith(STANDSTILL)]
    return [(key, f"{key.removeprefix(STANDSTILL).replace('_', ' ')} standing still", "{:.2%}") for key in keys]


def told_and_nothing(rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Parts of the cost that some policy pays, and those that cost nobody anything."""
    paid = [part for part in Costs.parts() if any(abs(row.get(f"{part}_usd_per_day", 0.0)) > 0 for row in rows)]
    return paid, [part for part in Costs.parts() if part not in paid]


def _cost_lines(rows: list[dict[str, Any]], parts: Sequence[str]) -> list[tuple[str, list[str]]]:
    def part(name: str) -> tuple[str, list[str]]:
        return name.replace("_", " "), _told(rows, f"{name}_usd_per_day", "{:,.0f}")

    def total(label: str, name: str) -> tuple[str, list[str]]:
        told = _told(rows, name, "{:,.0f}", "{:,.0f}–{:,.0f}")
        return label, told

    lines = [total("total, stock settled", "settled_cost_usd_per_day"), *(part(name) for name in parts)]
    lines.append(part("settlement"))
    if any(np.isfinite(row.get("foresight_usd_per_day", np.nan)) for row in rows):
        lines.append(("charged for foresight", _told(rows, "foresight_usd_per_day", "{:,.0f}")))
    lines += [total("total before settlement", "cost_usd_per_day")]
    if "share_of_way" in rows[0]:
        lines.append(
            (f"share of the way from {PRACTICE} to hindsight", _told(rows, "share_of_way", "{:.1%}", "{:.1%}–{:.1%}"))
        )
    if "above_dual_share" in rows[0]:
        lines.append(("above the dual bound", _told(rows, "above_dual_usd_per_day", "{:,.0f}", "{:,.0f}–{:,.0f}")))
        lines.append(("the same, of its own cost", _told(rows, "above_dual_share", "{:.1%}", "{:.1%}–{:.1%}")))
    return lines


def _told(rows: list[dict[str, Any]], key: str, text: str, interval: str | None = None) -> list[str]:
    """A figure of every policy, with its interval if asked for; a dash where it was not measured."""
    told = []
    for row in rows:
        value = row.get(key, float("nan"))
        if not np.isfinite(value):
            told.append(NOT_MEASURED)
        elif interval is None or not np.isfinite([row[f"{key}_low"], row[f"{key}_high"]]).all():
            told.append(text.format(value))
        else:
            told.append(f"{text.format(value)} ({interval.format(row[f'{key}_low'], row[f'{key}_high'])})")
    return told


def _upright(title: str, rows: list[dict[str, Any]], lines: list[tuple[str, list[str]]]) -> Table:
    """Policies side by side, figures below each other."""
    drawn = Table(title=Text(title), title_justify="left", title_style="bold", header_style="bold")
    drawn.add_column("")
    for row in rows:
        drawn.add_column(Text(row["policy"]), justify="right")
    for label, values in lines:
        drawn.add_row(Text(label), *map(Text, values), style="bold" if label.startswith("total") else None)
    return drawn


def _paired_row(pair: dict[str, Any]) -> dict[str, str]:
    def percent(name: str) -> str:
        value, low, high = (pair[key] - 1 for key in (name, f"{name}_low", f"{name}_high"))
        if not np.isfinite(value):
            return NOT_MEASURED
        return f"{value:+.1%} ({low:+.1%} to {high:+.1%})" if np.isfinite(low) else f"{value:+.1%} (no interval)"

    return {
        "policy": pair["policy"],
        "against": pair["baseline"],
        "cost, stock settled": percent("settled_cost_ratio"),
        "cost before settlement": percent("cost_ratio"),
        "lost sales": percent("lost_sales_ratio"),
    }
