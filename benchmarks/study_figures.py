"""The figures of docs/results.md, from saved results."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from entrepot.configs.files import write_atomically

Results = dict[str, Any]
COLOURS = {"pathwise": "#0072b2", "mappo": "#d55e00", "ippo": "#009e73", "sb3_ppo": "#9467bd"}
"""Told apart by people who are colour-blind too (Okabe and Ito 2008, but for the last)."""
RULE_COLOUR = "#444444"
GRID_POINTS = 200
DOTS = {
    "base_stock_textbook": ("textbook base stock", "#999999", "s"),
    "untrained_textbook": ("untrained policy, textbook covers", "#56b4e9", "o"),
    "trained_textbook": ("trained policy, textbook covers", "#0072b2", "o"),
    "untrained": ("untrained policy, tuned covers", "#e69f00", "D"),
    "trained": ("trained policy, tuned covers", "#d55e00", "D"),
}
TARGETS = {
    "home": "as trained",
    "more_skus": "more SKUs",
    "more_warehouses": "two more warehouses",
    "generated_demand": "generated demand",
    "other_level": "twice the demand",
}


def draw_learning(runs: Sequence[Results], path: Path) -> None:
    """Validation cost against training time and against iterations: mean and range of the seeds."""
    figure = _figure(10.5, 4.0)
    left, right = figure.subplots(1, 2, sharey=True)
    iterations = [point["iteration"] for point in runs[0]["validated"]]
    cost = np.array([[point["cost_usd_per_day"] for point in run["validated"]] for run in runs])
    seconds = np.array([[point["training_seconds"] for point in run["validated"]] for run in runs]).mean(axis=0)
    for axes, x, label in ((left, seconds, "training, seconds"), (right, iterations, "training, gradient steps")):
        axes.fill_between(x, cost.min(axis=0), cost.max(axis=0), color=COLOURS["pathwise"], alpha=0.2, linewidth=0)
        axes.plot(x, cost.mean(axis=0), color=COLOURS["pathwise"], marker="o", markersize=3, label="pathwise, mean")
        _rule(axes, runs[0])
        axes.set_xlabel(label)
    left.set_ylabel("validation cost, USD a day")
    _legend(figure, left)
    _save(figure, path)


def draw_wall_time(runs: Sequence[Results], path: Path) -> None:
    """Validation cost against training time: each run thin, each trainer's mean bold."""
    figure = _figure(9.0, 4.8)
    axes = figure.add_subplot()
    for trainer, colour in COLOURS.items():
        chosen = [run for run in runs if run["trainer"] == trainer]
        curves = [_minutes_and_cost(run) for run in chosen]
        for minutes, cost in curves:
            axes.plot(minutes, cost, color=colour, linewidth=0.8, alpha=0.45)
        if curves:
            grid = np.linspace(0.0, min(minutes[-1] for minutes, _ in curves), GRID_POINTS)
            mean = np.mean([np.interp(grid, minutes, cost) for minutes, cost in curves], axis=0)
            axes.plot(grid, mean, color=colour, linewidth=2.2, label=f"{trainer}, mean of {len(curves)}")
    _rule(axes, runs[0])
    axes.set_xlabel("training, minutes on one core")
    axes.set_ylabel("validation cost, USD a day")
    _legend(figure, axes, columns=3)
    _save(figure, path)


def draw_transfer(targets: dict[str, Results], path: Path) -> None:
    """Cost over that of the base stock tuned on each target, with 95 % intervals."""
    figure = _figure(9.0, 1.6 + 0.85 * len(targets))
    axes = figure.add_subplot()
    offsets = np.linspace(-0.3, 0.3, len(DOTS))
    for place, content in enumerate(targets.values()):
        for offset, (policy, (label, colour, marker)) in zip(offsets, DOTS.items(), strict=True):
            ratio, low, high = ratio_of(content, policy, "base_stock")
            axes.errorbar(
                ratio,
                place + offset,
                xerr=[[ratio - low], [high - ratio]],
                color=colour,
                marker=marker,
                markersize=6,
                capsize=2,
                linestyle="none",
                label=label if place == 0 else None,
            )
    axes.axvline(1.0, color=RULE_COLOUR, linestyle="--", linewidth=1.2, label="base stock tuned there")
    axes.set_yticks(range(len(targets)), [TARGETS[name] for name in targets])
    axes.invert_yaxis()
    axes.set_xlabel("cost over that of base stock tuned there (95 % interval)")
    _legend(figure, axes, columns=2)
    _save(figure, path)


def ratio_of(content: Results, policy: str, baseline: str) -> tuple[float, float, float]:
    """A policy's cost over a baseline's, with its interval; whichever of the two was named first."""
    for pair in content["paired"]:
        ratio = pair["cost_ratio"], pair["cost_ratio_low"], pair["cost_ratio_high"]
        if (pair["policy"], pair["baseline"]) == (policy, baseline):
            return ratio
        if (pair["policy"], pair["baseline"]) == (baseline, policy):
            return 1 / ratio[0], 1 / ratio[2], 1 / ratio[1]
    raise KeyError(f"{policy} against {baseline}")


def _minutes_and_cost(run: Results) -> tuple[list[float], list[float]]:
    points = run["validated"]
    return [point["training_seconds"] / 60 for point in points], [point["cost_usd_per_day"] for point in points]


def _rule(axes: Axes, run: Results) -> None:
    axes.axhline(
        run["base_stock_cost_usd_per_day"], color=RULE_COLOUR, linestyle="--", linewidth=1.2, label="base stock, tuned"
    )


def _legend(figure: Figure, axes: Axes, *, columns: int = 5) -> None:
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=columns, frameon=False)


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    for axes in figure.axes:
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    content = BytesIO()
    figure.savefig(content, dpi=130, format="png", metadata={"Software": None})
    write_atomically(path, content.getvalue())
