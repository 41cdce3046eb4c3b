"""A network as a map: places by kind, lanes bent apart and coloured by mode.

Everything is drawn on a given `Axes`, so that the same picture serves a PNG, an environment's `render()` and a
TensorBoard figure. Nothing is fetched: a graticule is the backdrop.
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
from numpy.typing import NDArray

from entrepot.envs.network.description import Lane, Mode, NetworkDescription, NodeKind
from entrepot.envs.rendering.label_placement import place_labels, spread_apart
from entrepot.envs.rendering.plain_text import names_as_they_are

Floats = NDArray[np.float64]

MODE_COLOURS = {Mode.SEA: "#2b7bba", Mode.AIR: "#e07b39", Mode.TRUCK: "#6b6b6b", Mode.RAIL: "#4c9f70"}
MODE_BENDS = {Mode.SEA: 0.20, Mode.AIR: -0.24, Mode.TRUCK: 0.10, Mode.RAIL: -0.10}
"""How far a lane's middle leaves the straight line, over its length: ships to the south, aircraft to the north."""

MARKERS = {
    "warehouse": ("s", "#1f3b57", 90.0),
    "fulfilment centre": ("D", "#7a4fa3", 62.0),
    "supplier": ("^", "#8a6d1d", 70.0),
}
COVER_COLOURS = LinearSegmentedColormap.from_list("cover", ["#c8102e", "#f2b705", "#3a9d5d"])
FULL_COVER_DAYS = 60.0
"""Days of cover from which a node counts as well stocked."""

FONT_POINTS = 8.5
CROWDED_POINTS = 36.0
"""Places nearer to each other than this are drawn further apart than they are."""


@names_as_they_are()
def draw_network(
    network: NetworkDescription,
    axes: Any,
    *,
    node_values: Mapping[str, float] | None = None,
    lane_flows: Mapping[str, float] | None = None,
) -> None:
    """Draw a network on matplotlib axes.

    Args:
        network: what to draw.
        axes: a `matplotlib.axes.Axes`; its limits, ticks and legend are set.
        node_values: days of cover of each node by name; colours nodes from red (none) to green and sizes them.
        lane_flows: units on each lane by `Lane.name`; sets the lanes' widths, and pales those without any.
    """
    places = {**network.nodes, **network.suppliers}
    names = list(places)
    longitude = _around_the_widest_gap(np.array([place.longitude for place in places.values()]))
    latitude = np.array([place.latitude for place in places.values()])
    points_per_degree = _set_frame(axes, longitude, latitude)
    true = np.stack([longitude, latitude], axis=1)
    at = spread_apart(true * points_per_degree, distance=CROWDED_POINTS) / points_per_degree
    where = dict(zip(names, at, strict=True))
    bends = _bends(network.lanes, where)
    for lane, bend in zip(network.lanes, bends, strict=True):
        _draw_lane(axes, lane, where, bend, lane_flows)
    for name in names:
        _draw_place(axes, network, name, where[name], node_values)
    texts = [_label(name, node_values) for name in names]
    curves = [
        _curve(where[lane.origin] * points_per_degree, where[lane.destination] * points_per_degree, bend)
        for lane, bend in zip(network.lanes, bends, strict=True)
    ]
    offsets = place_labels(
        at * points_per_degree,
        texts,
        FONT_POINTS,
        frame=_frame_in_points(axes, points_per_degree),
        lines=np.concatenate(curves),
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
    draw_network(network, figure.add_axes((0.03, 0.05, 0.95, 0.89)), node_values=node_values, lane_flows=lane_flows)
    return figure


@names_as_they_are()
def save_map(network: NetworkDescription, path: str | Path) -> None:
    """Write the map of a network as a PNG.

    Raises:
        OSError: the file can't be written.
    """
    network_figure(network).savefig(path, format="png")


def _around_the_widest_gap(longitude: Floats) -> Floats:
    """Longitudes shifted by 360° where needed, so that the map's edge falls where nothing stands."""
    ordered = np.unique(longitude)
    gaps = np.diff(np.append(ordered, ordered[0] + 360))
    east = ordered[(int(np.argmax(gaps)) + 1) % len(ordered)]
    shifted = (longitude - east) % 360 + east
    return np.asarray(shifted - 360 if shifted.min() > 180 else shifted)


def _set_frame(axes: Any, longitude: Floats, latitude: Floats) -> Floats:
    """Limits with a margin around all places; returns points a degree, in x and y."""
    width, height = max(np.ptp(longitude), 20.0), max(np.ptp(latitude), 12.0)
    middle = (longitude.min() + longitude.max()) / 2, (latitude.min() + latitude.max()) / 2
    axes.set_xlim(middle[0] - 0.58 * width, middle[0] + 0.58 * width)
    axes.set_ylim(middle[1] - 1.0 * height, middle[1] + 0.95 * height)
    step = next(s for s in (5, 10, 15, 30, 60) if s * 9 >= width)
    axes.set_xticks(np.arange(np.ceil(axes.get_xlim()[0] / step) * step, axes.get_xlim()[1], step))
    axes.set_yticks(np.arange(np.ceil(axes.get_ylim()[0] / step) * step, axes.get_ylim()[1], step))
    axes.set_xticklabels([_degrees((x + 180) % 360 - 180, "E", "W") for x in axes.get_xticks()])
    axes.set_yticklabels([_degrees(y, "N", "S") for y in axes.get_yticks()])
    axes.tick_params(labelsize=7.5, labelcolor="#8795a1", length=0)
    axes.grid(color="#d6dfe6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_facecolor("#f4f8fb")
    for spine in axes.spines.values():
        spine.set_color("#d6dfe6")
    inches = axes.get_figure().get_size_inches() * axes.get_position().size
    spans = np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())])
    return np.asarray(72 * inches / spans)


def _frame_in_points(axes: Any, points_per_degree: Floats) -> tuple[Floats, Floats]:
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    return low * points_per_degree, high * points_per_degree


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):.0f}°{positive if value > 0 else negative if value < 0 else ''}"


def _bends(lanes: list[Lane], where: Mapping[str, Floats]) -> list[float]:
    """Bend of each lane, seen from its start; lanes that would lie on each other are bent further."""
    met: dict[tuple[str, str, Mode], int] = {}
    bends = []
    for lane in lanes:
        first, second = sorted((lane.origin, lane.destination))
        again = met.setdefault((first, second, lane.mode), 0)
        met[first, second, lane.mode] += 1
        eastward = where[lane.destination][0] >= where[lane.origin][0]
        side = 1.0 if eastward else -1.0
        bends.append(side * MODE_BENDS[lane.mode] * (1 + 0.5 * again))
    return bends


def _draw_lane(
    axes: Any, lane: Lane, where: Mapping[str, Floats], bend: float, lane_flows: Mapping[str, float] | None
) -> None:
    width, alpha = 1.1, 0.75
    if lane_flows is not None:
        most = max(lane_flows.values(), default=0.0)
        flow = lane_flows.get(lane.name, 0.0)
        width = 0.6 + 4.4 * (flow / most) ** 0.5 if most > 0 else 0.6
        alpha = 0.85 if flow > 0 else 0.2
    axes.add_patch(
        FancyArrowPatch(
            tuple(where[lane.origin]),
            tuple(where[lane.destination]),
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=7 + 1.5 * width,
            shrinkA=6,
            shrinkB=7,
            linewidth=width,
            color=MODE_COLOURS[lane.mode],
            alpha=alpha,
            zorder=2,
        )
    )


def _curve(begin: Floats, end: Floats, bend: float) -> Floats:
    """[16, 2] points of the curve that matplotlib's `arc3` draws."""
    across = end - begin
    middle = (begin + end) / 2 + bend * np.array([across[1], -across[0]])
    step = np.linspace(0.0, 1.0, 16)[:, None]
    return np.asarray((1 - step) ** 2 * begin + 2 * step * (1 - step) * middle + step**2 * end)


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


def _label(name: str, node_values: Mapping[str, float] | None) -> str:
    shown = name.replace("_", " ")
    return f"{shown}: {node_values[name]:.0f} d" if node_values is not None and name in node_values else shown


def _legend(axes: Any, network: NetworkDescription, *, coloured_by_cover: bool) -> None:
    used = [mode for mode in Mode if any(lane.mode is mode for lane in network.lanes)]
    handles = [Line2D([], [], color=MODE_COLOURS[mode], linewidth=2, label=mode.value) for mode in used]
    kinds = {_kind(network, name) for name in (*network.nodes, *network.suppliers)}
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
    axes.legend(handles=handles, loc="lower left", ncols=len(handles), fontsize=8, frameon=True, framealpha=0.9)


def _legend_colour(kind: str, colour: str, coloured_by_cover: bool) -> str:
    return "#9aa5ad" if coloured_by_cover and kind != "supplier" else colour
