"""How policies stood disruptions, as JSON and as plots."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from entrepot.configs.errors import cannot_write
from entrepot.configs.figures import write_json
from entrepot.configs.files import write_atomically
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.envs.world import World
from entrepot.training.evaluation.report import COLOURS
from entrepot.training.evaluation.resilience import Resilience, Trial
from entrepot.training.evaluation.resilience_figures import pooled_weekly_fill, rows_of


def write_resilience(
    found: Resilience, world: World, budgets: Mapping[str, str], *, json_file: Path | None, plots: Path | None
) -> None:
    """Write the figures as JSON, and draw service over the days, a file a disruption.

    Args:
        found: the trials.
        world: in which they took place.
        budgets: what was spent on tuning, by policy.
        json_file: where the figures go; nowhere if None.
        plots: the folder for PNG files; none if None.
    """
    if json_file is not None:
        provenance = {
            "command": "resilience",
            "network": world.description.name,
            "skus": len(world.network.skus),
            "demand": world.demand.summary,
            "demand_remarks": list(world.demand.remarks),
            "observation": world.observation,
            "split": str(found.split),
            **found.settings.model_dump(),
            "tuning": dict(budgets),
            "remarks": list(found.remarks),
        }
        write_json(json_file, rows_of(found), provenance=provenance)
    if plots is not None:
        for name in dict.fromkeys(trial.disruption for trial in found.trials):
            trials = [trial for trial in found.trials if trial.disruption == name]
            try:
                _save(_figure(trials, found), plots / f"{name}.png")
            except OSError as error:
                raise cannot_write(plots, error, "--plots") from error


@names_as_they_are()
def _save(figure: Figure, path: Path) -> None:
    content = BytesIO()
    figure.savefig(content, dpi=130, format="png")
    write_atomically(path, content.getvalue())


@names_as_they_are()
def _figure(trials: list[Trial], found: Resilience) -> Figure:
    """Fill rate of the last seven days with the event and without it, all episodes together; the event shaded."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    start = int(np.median(trials[0].start))
    end = int(np.median(trials[0].end))
    days = np.arange(trials[0].with_it.demand.shape[1]) - start
    axes.axvspan(0, end - start, color="#f1d9c9", label="the event", zorder=0)
    lowest = 1.0
    for trial, colour in zip(trials, COLOURS[1:] * 3, strict=False):
        with_it, without = pooled_weekly_fill(trial.with_it), pooled_weekly_fill(trial.without)
        axes.plot(days, with_it, color=colour, label=trial.policy)
        axes.plot(days, without, color=colour, linestyle="--", linewidth=1)
        lowest = min(lowest, float(np.nanmin(with_it)), float(np.nanmin(without)))
    axes.set_ylim(max(0.0, np.floor((lowest - 0.02) * 20) / 20), 1.0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_title(
        f"{trials[0].disruption}: {len(trials[0].start)} episodes; dashed: the same days without it", fontsize=10
    )
    axes.set_xlabel("days since the event's start")
    axes.set_ylabel("fill rate of the last seven days")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure
