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
from entrepot.envs.rendering.label_placement import place_labels, spread_apart
from entrepot.envs.rendering.lane_paths import lane_paths, trimmed
from entrepot.envs.rendering.map_frame import TURNS, frame_in_points, opened_where_least_passes, set_frame
from entrepot.envs.rendering.market_places import MarketPlace, market_places
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.envs.rendering.sea_routes import sea_passage

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

FONT_POINTS = 8.5
CROWDED_POINTS = 21.0
"""Places nearer to each other than this are drawn further apart than they are."""
LEADER_POINTS = 5.0
"""A mark further from its place than this has a line to it."""


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
    markets = market_places(network)
    true = {name: (place.longitude, place.latitude) for name, place in {**network.nodes, **network.suppliers}.items()}
    everything = np.array([*true.values(), *(market.at for market in markets)])
    everything[:, 0] = opened_where_least_passes(everything[:, 0], _ends(network, true))
    points_per_degree = set_frame(axes, _shown(network, true, everything))
    at = spread_apart(everything * points_per_degree, distance=CROWDED_POINTS) / points_per_degree
    where = dict(zip(true, at, strict=False))
    paths = lane_paths(network.lanes, true, where, points_per_degree)
    for lane, path in zip(network.lanes, paths, strict=True):
        _draw_lane(axes, lane, path, points_per_degree, lane_flows)
    _draw_leaders(axes, everything, at, points_per_degree)
    for name, point in where.items():
        _draw_place(axes, network, name, point, node_values)
    for market, point in zip(markets, at[len(where) :], strict=True):
        _draw_market(axes, market, point, where)
    texts = [_label(name, node_values) for name in where] + [market.label for market in markets]
    offsets = place_labels(
        at * points_per_degree,
        texts,
        FONT_POINTS,
        frame=frame_in_points(axes, points_per_degree),
        lines=np.concatenate(paths) * points_per_degree,
    )
    for text, point, (offset, alignment) in zip(texts, at, offsets, strict=True):
        label = axes.annotate(
            text, point, offset, textcoords="offset points", ha=alignment, va="center", fontsize=FONT_POINTS, zorder=6
        )
        label.set_bbox({"facecolor": "white", "alpha": 0.72, "edgecolor": "none", "pad": 0.8})
    _legend(axes, network, coloured_by_cover=node_values is not None)
    axes.set_title(network.title or network.name, fontsize=12, loc="left")


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


def _ends(network: NetworkDescription, true: Mapping[str, tuple[float, float]]) -> Floats:
    """[L, 2] longitudes of each lane's ends."""
    ends = [(true[lane.origin][0], true[lane.destination][0]) for lane in network.lanes]
    return np.array(ends, np.float64).reshape(-1, 2)


def _shown(network: NetworkDescription, true: Mapping[str, tuple[float, float]], everything: Floats) -> Floats:
    """[P, 2] what must be on the map: all places, and the ways by sea that don't leave it at its edge."""
    where = dict(zip(true, everything, strict=False))
    ways = []
    for lane in network.lanes:
        if lane.mode is Mode.SEA:
            passed = sea_passage(true[lane.origin], true[lane.destination])
            passed = np.add(passed, [where[lane.origin][0] - passed[0, 0], 0])
            if abs(passed[-1, 0] - where[lane.destination][0]) < 180:
                ways.append(passed)
    return np.concatenate([everything, *ways])


def _draw_lane(
    axes: Any, lane: Lane, path: Floats, points_per_degree: Floats, lane_flows: Mapping[str, float] | None
) -> None:
    width, alpha = 1.1, 0.75
    if lane_flows is not None:
        most = max(lane_flows.values(), default=0.0)
        flow = lane_flows.get(lane.name, 0.0)
        width = 0.6 + 4.4 * (flow / most) ** 0.5 if most > 0 else 0.6
        alpha = 0.85 if flow > 0 else 0.2
    line = trimmed(path * points_per_degree, 6, 7) / points_per_degree
    west, east = axes.get_xlim()
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


def _draw_leaders(axes: Any, true: Floats, drawn: Floats, points_per_degree: Floats) -> None:
    """A thin line from each mark that was pushed aside to where its place is."""
    for one, other in zip(true, drawn, strict=True):
        if np.linalg.norm((one - other) * points_per_degree) > LEADER_POINTS:
            axes.plot(*np.stack([one, other]).T, color="#3d4a54", linewidth=0.7, zorder=3)
            axes.plot(*one, marker="o", markersize=2.2, color="#3d4a54", zorder=3)


def _kind(network: NetworkDescription, name: str) -> str:
    if name in network.suppliers:
        return "supplier"
    return "warehouse" if network.nodes[name].kind is NodeKind.WAREHOUSE else "fulfilment centre"


def _draw_place(
    axes: Any, network: NetworkDescription, name: str, point: Floats, node_values: Mapping[str, float] | None
) -> None:
    marker, plain, size = MARKERS[_kind(network, name)]
    colour: Any = plain
    if node_values is not None and name in node_values:
        cover = float(np.clip(node_values[name] / FULL_COVER_DAYS, 0.0, 1.0))
        colour, size = COVER_COLOURS(cover), size * (0.9 + 1.1 * cover)
    axes.scatter(*point, marker=marker, s=size, color=colour, edgecolors="white", linewidths=1.2, zorder=5)


def _draw_market(axes: Any, market: MarketPlace, point: Floats, where: Mapping[str, Floats]) -> None:
    marker, colour, size = MARKERS["market"]
    for node in market.first_nodes:
        begin = np.add(where[node], [360 * round((point[0] - where[node][0]) / 360), 0])
        axes.plot(*np.stack([begin, point]).T, color=colour, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1.5)
    axes.scatter(*point, marker=marker, s=size, color=colour, edgecolors="white", linewidths=1.2, zorder=4)


def _label(name: str, node_values: Mapping[str, float] | None) -> str:
    shown = name.replace("_", " ")
    return f"{shown}: {node_values[name]:.0f} d" if node_values is not None and name in node_values else shown


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
