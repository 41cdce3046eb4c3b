"""Stock of chosen SKUs over an episode: on hand, on the way, and what found nothing."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from entrepot.envs.rendering.plain_text import names_as_they_are

Floats = NDArray[np.float64]
ON_HAND, ON_THE_WAY, LOST = "#1f3b57", "#d9822b", "#c8102e"


@names_as_they_are()
def stock_figure(
    nodes: Sequence[str],
    skus: Sequence[str],
    first_day: int,
    on_hand: Floats,
    in_transit: Floats,
    lost: Floats,
    *,
    title: str = "",
) -> Figure:
    """One row a node, one column a SKU, and below them a row of what each SKU's markets could not get.

    Args:
        nodes: names of the N nodes.
        skus: names of the C chosen SKUs.
        first_day: since 1970-01-01.
        on_hand: [T, N, C] units.
        in_transit: [T, N, C] units on their way to the node.
        lost: [T, C] units that found nothing, over all markets.
        title: of the whole.
    """
    concise: Any = ConciseDateFormatter
    rows, columns = len(nodes) + 1, len(skus)
    figure = Figure(figsize=(3.6 * columns + 1.2, 1.15 * rows + 1.0), dpi=100, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
    days = (first_day + np.arange(len(on_hand))).astype("datetime64[D]")
    for column, sku in enumerate(skus):
        panels[0][column].set_title(sku, fontsize=10)
        for row, node in enumerate(nodes):
            axes = panels[row][column]
            axes.fill_between(days, on_hand[:, row, column], step="mid", color=ON_HAND, alpha=0.75, linewidth=0)
            axes.plot(days, in_transit[:, row, column], color=ON_THE_WAY, linewidth=1.2)
            _finish(axes, node if column == 0 else "")
        axes = panels[-1][column]
        axes.bar(days, lost[:, column], width=1.0, color=LOST)
        _finish(axes, "lost" if column == 0 else "")
        axes.set_ylim(0, max(1.0, 1.05 * float(lost[:, column].max())))
        axes.xaxis.set_major_formatter(concise(axes.xaxis.get_major_locator()))
    handles = [
        figure.axes[0].fill_between([], [], color=ON_HAND, alpha=0.75, label="on hand"),
        *figure.axes[0].plot([], [], color=ON_THE_WAY, label="on the way"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(f"{title}: units" if title else "units", fontsize=11, ha="left", x=0.01)
    return figure


def png_of(figure: Figure) -> bytes:
    """The figure as a PNG file's content."""
    content = BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _finish(axes: Any, name: str) -> None:
    axes.set_ylim(bottom=0)
    axes.set_ylabel(name.replace("_", "\n"), fontsize=8, rotation=0, ha="right", va="center")
    axes.tick_params(labelsize=7, length=2)
    axes.margins(x=0)
    axes.grid(axis="y", color="#e3e9ee", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
