"""An evaluation as JSON and as plots."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from entrepot.configs.errors import cannot_write
from entrepot.configs.figures import write_json
from entrepot.configs.files import write_atomically
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.envs.twin import Costs
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import Evaluation

PARTS = (
    "#2f4b7c",
    "#5b7aa8",
    "#2a9d8f",
    "#8ab17d",
    "#b8b8b8",
    "#c8102e",
    "#e76f51",
    "#e9c46a",
    "#9c6644",
    "#6d597a",
    "#b56576",
    "#355070",
)
"""Of the parts of the cost, in their order."""
COLOURS = ("#8a8f98", "#2a78b8", "#d9822b", "#4c9f70", "#7a4fa3", "#c8102e")


def write_evaluation(
    judged: Evaluation, world: World, budgets: Mapping[str, str], *, json_file: Path | None, plots: Path | None
) -> None:
    """Write the same figures as JSON, and draw them.

    Args:
        judged: the evaluation.
        world: in which it took place.
        budgets: what was spent on tuning, by policy.
        json_file: where the figures go; nowhere if None.
        plots: the folder for PNG files; none if None.
    """
    settings = judged.settings
    provenance = {
        "network": world.description.name,
        "skus": len(world.network.skus),
        "demand": world.demand.summary,
        "observation": world.observation,
        "demand_remarks": list(world.demand.remarks),
        "warnings": [warning.row() for warning in world.warnings(days=settings.days)],
        "disruption": world.disruption_lines,
        "split": str(judged.split),
        **settings.model_dump(),
        "tuning": dict(budgets),
        "seconds": {name: round(value, 1) for name, value in judged.seconds.items()},
        "effort": judged.effort,
        "best_rule": judged.best_rule,
        "remarks": judged.remarks(),
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
    """Cost by part, one bar a policy, to the total with stock settled and its interval; the bound as a line."""
    rows = [row for row in judged.rows() if np.isfinite(row.get("cost_usd_per_day", np.nan))]
    bounds = {
        name: float(figures["settled_cost_usd_per_day"].mean())
        for name, figures in judged.by_episode.items()
        if "cost_usd_per_day" not in figures
    }
    figure = Figure(figsize=(9, 1.9 + 0.75 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    labels = [row["policy"] for row in rows]
    left = np.zeros(len(rows))
    for place, part in enumerate(Costs.parts()):
        width = np.array([row[f"{part}_usd_per_day"] for row in rows])
        if width.any():
            axes.barh(
                labels, width, left=left, color=PARTS[place % len(PARTS)], label=part.replace("_", " "), height=0.6
            )
        left += width
    # The settlement is drawn over the end of the bar where it is a credit, and beyond it where it is a charge.
    settled = np.array([row["settlement_usd_per_day"] for row in rows])
    if settled.any():
        axes.barh(
            labels,
            settled,
            left=left,
            facecolor="none",
            edgecolor="black",
            hatch="////",
            linewidth=0.8,
            height=0.6,
            label="settlement of stock",
        )
    for place, row in enumerate(rows):
        value, low, high = (row[f"settled_cost_usd_per_day{end}"] for end in ("", "_low", "_high"))
        axes.plot([low, high], [place, place], color="black", linewidth=1.6)
        end = max(high, left[place])
        axes.annotate(f"{value:,.0f}", (end, place), xytext=(6, 0), textcoords="offset points", va="center")
    for name, bound in bounds.items():
        axes.axvline(bound, color="black", linestyle="--", linewidth=1.2, label=f"{name}, {bound:,.0f}")
    ends = [row["settled_cost_usd_per_day_high"] for row in rows]
    axes.set_xlim(0, 1.12 * max([*ends, *left, *bounds.values()]))
    axes.invert_yaxis()
    axes.set_xlabel("USD a day with stock settled at both ends, and the 95 % interval")
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
