"""Demand of each market over time: a sample of a model, and the real history above it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from entrepot.envs.demand.calibration.traces import Traces
from entrepot.envs.rendering.plain_text import names_as_they_are

HISTORY, SAMPLE, RANGE = "#1f3b57", "#e07b39", 7


@names_as_they_are()
def save_demand(
    path: str | Path,
    markets: Sequence[str],
    days: NDArray[np.int64],
    drawn: NDArray[np.float32],
    traces: Traces | None = None,
) -> None:
    """Write a PNG with one panel a market: units a day over all SKUs, with the mean of seven days.

    Args:
        path: the file to write.
        markets: names of the M markets.
        days: [T] days of the sample, since 1970-01-01.
        drawn: [T, M, S] the sample, in units.
        traces: the real history to set beside it, if any.

    Raises:
        OSError: the file can't be written.
    """
    sides = 1 if traces is None else 2
    figure = Figure(figsize=(7.5 * sides, 1.7 * len(markets) + 0.6), dpi=110, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(markets), sides, squeeze=False, sharey="row", sharex="col")
    for row, market in enumerate(markets):
        if traces is not None:
            count = drawn.shape[2]
            _draw(panels[row][0], traces.days, traces.units[row][:, :count].sum(axis=1), HISTORY)
            panels[row][0].set_title(f"{market}: sales of {traces.proxies[row].country}", fontsize=9, loc="left")
        _draw(panels[row][-1], days, drawn[:, row].sum(axis=1), SAMPLE)
        panels[row][-1].set_title(f"{market}: a sample", fontsize=9, loc="left")
    figure.supylabel("units a day, all SKUs", fontsize=9)
    figure.savefig(path, format="png")


def _draw(panel: Any, days: NDArray[np.int64], units: NDArray[np.float32], colour: str) -> None:
    dates = days.astype("datetime64[D]")
    panel.bar(dates, units, width=1.0, color=colour, alpha=0.3, linewidth=0)
    panel.plot(dates, np.convolve(units, np.full(RANGE, 1 / RANGE), mode="same"), color=colour, linewidth=1.2)
    panel.margins(x=0)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
