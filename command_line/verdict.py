"""Show an evaluation: as tables, as JSON, as plots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from entrepot.command_line.tables import table, write_json
from entrepot.configs.errors import cannot_write
from entrepot.configs.files import write_atomically
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.envs.twin import Costs
from entrepot.envs.world import World
from entrepot.training.base_stock.kept import Tuning, TuningProgress
from entrepot.training.evaluation.evaluate import PRACTICE, Evaluation
from entrepot.training.evaluation.evaluate import Progress as PolicyProgress

KPIS = (
    ("fill_rate", "fill rate", "{:.1%}"),
    ("stock_out_rate", "stock-out rate", "{:.1%}"),
    ("lost_share", "lost sales", "{:.2%}"),
    ("inventory_turnover_per_year", "turns a year", "{:.1f}"),
    ("order_response_days", "order response, days", "{:.2f}"),
    ("replenishment_response_days", "replenishment, days", "{:.1f}"),
    ("transfers_per_month", "transfers a month", "{:.0f}"),
    ("freight_usd_per_unit", "freight, USD/unit", "{:.2f}"),
    ("transit_days_per_unit", "transit, days/unit", "{:.1f}"),
    ("kg_co2e_per_day", "kg CO₂e a day", "{:,.0f}"),
)
COLOURS = ("#8a8f98", "#2a78b8", "#d9822b", "#4c9f70", "#7a4fa3", "#c8102e")


def print_evaluation(judged: Evaluation, world: World, tuning: Tuning, out: Console) -> None:
    """Cost with its parts, KPIs, and paired differences."""
    settings, rows = judged.settings, judged.rows()
    title = (
        f"{world.description.name}, {len(world.network.skus)} SKUs: {settings.episodes} {judged.split} episodes of "
        f"{settings.days} days after {settings.warm_up_days} days of warm-up, seed {settings.seed}"
    )
    out.print(_upright(f"Cost, USD a day · {title}", rows, _cost_lines(rows)))
    out.print(_upright("KPIs", rows, [(label, _told(rows, key, text)) for key, label, text in KPIS]))
    paired = judged.paired()
    if paired:
        out.print(table("Paired differences, 95 % intervals", [_paired_row(pair) for pair in paired]))
    for policy, line in [*tuning.budgets.items(), *judged.effort.items()]:
        out.print(Text(f"{policy}: {line}", style="dim"))


def _cost_lines(rows: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    def part(name: str) -> tuple[str, list[str]]:
        return name.replace("_", " "), _told(rows, f"{name}_usd_per_day", "{:,.0f}")

    def total(label: str, name: str) -> tuple[str, list[str]]:
        told = _told(rows, name, "{:,.0f}", "{:,.0f}–{:,.0f}")
        return label, told

    lines = [*(part(name) for name in Costs.parts()), total("total", "cost_usd_per_day")]
    lines += [part("settlement"), total("total, stock settled", "settled_cost_usd_per_day")]
    if "share_of_way" in rows[0]:
        lines.append(
            (f"share of the way from {PRACTICE} to hindsight", _told(rows, "share_of_way", "{:.1%}", "{:.1%}–{:.1%}"))
        )
    return lines


def _told(rows: list[dict[str, Any]], key: str, text: str, interval: str | None = None) -> list[str]:
    """A figure of every policy, with its interval if asked for; a dash where it was not measured."""
    told = []
    for row in rows:
        value = row.get(key, float("nan"))
        if not np.isfinite(value):
            told.append("–")
        elif interval is None:
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
        low, high = pair[f"{name}_low"] - 1, pair[f"{name}_high"] - 1
        return f"{pair[name] - 1:+.1%} ({low:+.1%} to {high:+.1%})"

    return {
        "policy": pair["policy"],
        "against": pair["baseline"],
        "cost": percent("cost_ratio"),
        "lost sales": percent("lost_sales_ratio"),
    }


def write_evaluation(
    judged: Evaluation, world: World, tuning: Tuning, *, json_file: Path | None, plots: Path | None
) -> None:
    """Write the same figures as JSON, and draw them.

    Args:
        judged: the evaluation.
        world: in which it took place.
        tuning: what was spent on tuning, by policy.
        json_file: where the figures go; nowhere if None.
        plots: the folder for PNG files; none if None.
    """
    settings = judged.settings
    provenance = {
        "network": world.description.name,
        "skus": len(world.network.skus),
        "demand": world.demand.summary,
        "demand_remarks": list(world.demand.remarks),
        "warnings": [warning.row() for warning in world.warnings(days=settings.days)],
        "split": str(judged.split),
        **settings.model_dump(),
        "tuning": tuning.budgets,
        "seconds": {name: round(value, 1) for name, value in judged.seconds.items()},
        "effort": judged.effort,
    }
    if json_file is not None:
        rows = [_without_nan(row) for row in judged.rows()]
        write_json(json_file, rows, provenance=provenance, paired=[_without_nan(row) for row in judged.paired()])
    if plots is not None:
        try:
            _save(_cost_figure(judged), plots / "cost.png")
            _save(_stock_figure(judged, world), plots / "stock.png")
        except OSError as error:
            raise cannot_write(plots, error, "--plots") from error


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}


@names_as_they_are()
def _save(figure: Figure, path: Path) -> None:
    content = BytesIO()
    figure.savefig(content, dpi=130, format="png")
    write_atomically(path, content.getvalue())


@names_as_they_are()
def _cost_figure(judged: Evaluation) -> Figure:
    """Cost by part, one bar a policy, with the total's interval; the bound as a line."""
    rows = [row for row in judged.rows() if np.isfinite(row.get("cost_usd_per_day", np.nan))]
    bounds = {
        name: float(figures["settled_cost_usd_per_day"].mean())
        for name, figures in judged.by_episode.items()
        if "cost_usd_per_day" not in figures
    }
    figure = Figure(figsize=(9, 1.6 + 0.75 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    labels = [row["policy"] for row in rows]
    left = np.zeros(len(rows))
    palette = ["#2f4b7c", "#5b7aa8", "#2a9d8f", "#8ab17d", "#b8b8b8", "#c8102e", "#e76f51", "#e9c46a", "#9c6644"]
    for part, colour in zip(Costs.parts(), palette, strict=True):
        width = np.array([row[f"{part}_usd_per_day"] for row in rows])
        axes.barh(labels, width, left=left, color=colour, label=part.replace("_", " "), height=0.6)
        left += width
    for place, row in enumerate(rows):
        low, high = row["cost_usd_per_day_low"], row["cost_usd_per_day_high"]
        axes.plot([low, high], [place, place], color="black", linewidth=1.6)
        axes.annotate(
            f"{row['cost_usd_per_day']:,.0f}", (high, place), xytext=(6, 0), textcoords="offset points", va="center"
        )
    for name, bound in bounds.items():
        axes.axvline(bound, color="black", linestyle="--", linewidth=1.2, label=f"{name}, {bound:,.0f}")
    axes.set_xlim(0, 1.12 * max([row["cost_usd_per_day_high"] for row in rows] + list(bounds.values())))
    axes.invert_yaxis()
    axes.set_xlabel("USD a day, with the total's 95 % interval")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize=8.5)
    return figure


@names_as_they_are()
def _stock_figure(judged: Evaluation, world: World) -> Figure:
    """Mean stock at every node over the episode, one line a policy."""
    nodes = world.network.nodes
    columns = 3
    lines = -(-len(nodes) // columns)
    figure = Figure(figsize=(11, 1 + 2.3 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    for place, node in enumerate(nodes):
        axes = figure.add_subplot(lines, columns, place + 1)
        for (policy, stock), colour in zip(judged.on_hand.items(), COLOURS * 3, strict=False):
            axes.plot(stock[:, place], label=policy, color=colour)
        axes.set_title(node, fontsize=10)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.25)
    figure.supxlabel("day of the episode")
    figure.supylabel("units on hand, mean of all episodes")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return figure


@contextmanager
def progress_over_policies(out: Console) -> Iterator[PolicyProgress]:
    """A bar for each policy that is being evaluated."""
    tasks: dict[str, Any] = {}
    with _bar(out) as bar:

        def progress(policy: str, done: int, total: int) -> None:
            if policy not in tasks:
                tasks[policy] = bar.add_task(f"evaluating {policy}", total=total)
            bar.update(tasks[policy], completed=done)

        yield progress


@contextmanager
def tuning_progress(out: Console) -> Iterator[TuningProgress]:
    """A bar for the tuning of the base stock, if it takes place."""
    tasks: list[Any] = []
    with _bar(out) as bar:

        def progress(iteration: int, loss: float) -> None:
            if not tasks:
                tasks.append(bar.add_task("tuning base_stock", total=Tuning().settings.iterations))
            bar.update(tasks[0], completed=iteration)

        yield progress


def _bar(out: Console) -> Progress:
    return Progress(TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn(), console=out)
