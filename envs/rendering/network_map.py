"""A network as a map: coasts, places by kind, the markets that they serve, lanes coloured by mode.

Everything is drawn on a given `Axes`, so that the same picture serves a PNG, an environment's `render()` and a
TensorBoard figure. Nothing is fetched: the outline of land comes with the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path as Curve
from numpy.typing import NDArray

from entrepot.envs.network.description import Lane, Mode, NetworkDescription, NodeKind
from entrepot.envs.rendering.map_frame import TURNS
from entrepot.envs.rendering.map_layout import FONT_POINTS, MapLayout, label_of
from entrepot.envs.rendering.market_places import MarketPlace
from entrepot.envs.rendering.plain_text import names_as_they_are

Floats = NDArray[np.float64]

MODE_COLOURS = {Mode.SEA: "#2b7bba", Mode.AIR: "#e07b39", Mode.TRUCK: "#6b6b6b", Mode.RAIL: "#4c9f70"}
MARKERS = {
    "warehouse": ("s", "#1f3b57", 64.0),
    "fulfilment centre": ("D", "#7a4fa3", 44.0),
    "supplier": ("^", "#8a6d1d", 50.0),
    "market": ("o", "#c2577e", 46.0),
}
COVER_COLOURS = LinearSegmentedColormap.from_list("cover", ["#c8102e", "#f2b705", "#3a9d5d"])
FULL_COVER_DAYS = 60.0
"""Days of cover from which a node counts as well stocked."""

LEADER_POINTS = 5.0
"""A mark further from its place than this has a line to it."""
LEADER = "#3d4a54"


@names_as_they_are()
def draw_network(
    network: NetworkDescription,
    axes: Any,
    *,
    node_values: Mapping[str, float] | None = None,
    lane_flows: Mapping[str, float] | None = None,
) -> None:
    """Draw a network on matplotlib axes.

    Markets stand in the middle of their country, those of one country together; a dotted line leads to each from the
    node that serves it first.

    Args:
        network: what to draw.
        axes: a `matplotlib.axes.Axes`; its limits, ticks and legend are set.
        node_values: days of cover of each node by name; colours nodes from red (none) to green and sizes them.
        lane_flows: units on each lane by `Lane.name`; sets the lanes' widths, and pales those without any.
    """
    layout = MapLayout.of(network, axes, with_values=node_values is not None)
    draw_backdrop(layout, axes, coloured_by_cover=node_values is not None)
    draw_present(layout, axes, node_values=node_values, lane_flows=lane_flows)
    axes.set_title(network.title or network.name, fontsize=12, loc="left")


def draw_backdrop(layout: MapLayout, axes: Any, *, coloured_by_cover: bool) -> None:
    """What is the same on all days: land, markets, the legend."""
    layout.frame.draw(axes)
    _draw_leaders(axes, layout)
    for label, market in layout.markets.items():
        _draw_market(axes, layout, label, market)
    _legend(axes, layout.network, coloured_by_cover=coloured_by_cover)


def draw_present(
    layout: MapLayout,
    axes: Any,
    *,
    node_values: Mapping[str, float] | None = None,
    lane_flows: Mapping[str, float] | None = None,
) -> None:
    """What differs from day to day: lanes, nodes and their labels; see `draw_network`."""
    network = layout.network
    for lane in network.lanes:
        _draw_lane(axes, lane, layout, lane_flows)
    for name in (*network.nodes, *network.suppliers):
        cover = None if node_values is None else node_values.get(name)
        _draw_place(axes, _kind(network, name), layout.drawn[name], cover)
        _draw_label(axes, layout, name, label_of(name, cover))


@names_as_they_are()
def network_figure(
    network: NetworkDescription,
    *,
    node_values: Mapping[str, float] | None = None,
    lane_flows: Mapping[str, float] | None = None,
    inches: tuple[float, float] = (15.0, 7.5),
    dots_per_inch: int = 110,
) -> Figure:
    """A figure with nothing but the network on it, ready to be saved or turned into pixels; see `draw_network`."""
    figure = Figure(figsize=inches, dpi=dots_per_inch, facecolor="white")
    FigureCanvasAgg(figure)
    draw_network(network, figure.add_axes((0.03, 0.085, 0.95, 0.865)), node_values=node_values, lane_flows=lane_flows)
    return figure


@names_as_they_are()
def save_map(network: NetworkDescription, path: str | Path) -> None:
    """Write the map of a network as a PNG.

    Raises:
        OSError: the file can't be written.
    """
    network_figure(network).savefig(path, format="png")


def _draw_lane(axes: Any, lane: Lane, layout: MapLayout, lane_flows: Mapping[str, float] | None) -> None:
    width, alpha = 1.1, 0.75
    if lane_flows is not None:
        most = max(lane_flows.values(), default=0.0)
        flow = lane_flows.get(lane.name, 0.0)
        width = 0.6 + 4.4 * (flow / most) ** 0.5 if most > 0 else 0.6
        alpha = 0.85 if flow > 0 else 0.2
    line, west, east = layout.lines[lane.name], layout.frame.low[0], layout.frame.high[0]
    for turn in TURNS:
        if turn and (line[:, 0].max() + turn <= west or line[:, 0].min() + turn >= east):
            continue
        # `add_patch` would look for limits in every vertex.
        axes.add_artist(
            FancyArrowPatch(
                path=Curve(np.add(line, [turn, 0])),
                arrowstyle="-|>",
                mutation_scale=6 + 1.5 * width,
                linewidth=width,
                color=MODE_COLOURS[lane.mode],
                alpha=alpha,
                zorder=2,
                capstyle="butt",
                joinstyle="round",
                gid=lane.name,
            )
        )


def _draw_leaders(axes: Any, layout: MapLayout) -> None:
    """A thin line from each mark that was pushed aside to where its place is."""
    for name, drawn in layout.drawn.items():
        true = layout.true[name]
        if np.linalg.norm((true - drawn) * layout.frame.points_per_degree) > LEADER_POINTS:
            axes.plot(*np.stack([true, drawn]).T, color=LEADER, linewidth=0.7, zorder=3)
            axes.plot(*true, marker="o", markersize=2.2, color=LEADER, zorder=3)


def _kind(network: NetworkDescription, name: str) -> str:
    if name in network.suppliers:
        return "supplier"
    return "warehouse" if network.nodes[name].kind is NodeKind.WAREHOUSE else "fulfilment centre"


def _draw_place(axes: Any, kind: str, point: Floats, cover_days: float | None) -> None:
    marker, plain, size = MARKERS[kind]
    colour: Any = plain
    if cover_days is not None:
        cover = float(np.clip(cover_days / FULL_COVER_DAYS, 0.0, 1.0))
        colour, size = COVER_COLOURS(cover), size * (0.9 + 1.1 * cover)
    axes.add_line(_mark(point, marker, colour, size, zorder=5))


def _mark(point: Floats, marker: str, colour: Any, size: float, *, zorder: float) -> Line2D:
    """A mark of so many square points; a line of one point is drawn much sooner than a scatter."""
    x, y = point
    return Line2D(
        [x],
        [y],
        marker=marker,
        markersize=size**0.5,
        color=colour,
        markeredgecolor="white",
        markeredgewidth=1.2,
        linestyle="none",
        zorder=zorder,
    )


def _draw_market(axes: Any, layout: MapLayout, label: str, market: MarketPlace) -> None:
    marker, colour, size = MARKERS["market"]
    point = layout.drawn[label]
    for node in market.first_nodes:
        begin = layout.drawn[node]
        begin = np.add(begin, [360 * round((point[0] - begin[0]) / 360), 0])
        axes.plot(*np.stack([begin, point]).T, color=colour, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1.5)
    axes.add_line(_mark(point, marker, colour, size, zorder=4))
    _draw_label(axes, layout, label, label)


def _draw_label(axes: Any, layout: MapLayout, name: str, text: str) -> None:
    offset, alignment = layout.labels[name]
    box = {"facecolor": "white", "alpha": 0.72, "edgecolor": "none", "pad": 0.8}
    axes.annotate(
        text,
        layout.drawn[name],
        offset,
        textcoords="offset points",
        ha=alignment,
        va="center",
        fontsize=FONT_POINTS,
        zorder=6,
        bbox=box,
    )


def _legend(axes: Any, network: NetworkDescription, *, coloured_by_cover: bool) -> None:
    used = [mode for mode in Mode if any(lane.mode is mode for lane in network.lanes)]
    handles = [Line2D([], [], color=MODE_COLOURS[mode], linewidth=2, label=mode.value) for mode in used]
    kinds = {_kind(network, name) for name in (*network.nodes, *network.suppliers)} | {"market"}
    handles += [
        Line2D(
            [], [], marker=marker, color=_legend_colour(kind, colour, coloured_by_cover), ls="none", ms=7, label=kind
        )
        for kind, (marker, colour, _) in MARKERS.items()
        if kind in kinds
    ]
    if coloured_by_cover:
        handles += [
            Line2D([], [], marker="o", color=COVER_COLOURS(days / FULL_COVER_DAYS), ls="none", ms=6, label=text)
            for days, text in ((0, "no stock"), (30, "30 days of cover"), (60, "60 or more"))
        ]
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, -0.03),
        borderaxespad=0.0,
        ncols=len(handles),
        fontsize=8,
        frameon=False,
    )


def _legend_colour(kind: str, colour: str, coloured_by_cover: bool) -> str:
    return "#9aa5ad" if coloured_by_cover and kind in ("warehouse", "fulfilment centre") else colour
