"""Frames of an episode: the network's map with stock and flows, and beside it what each node has and couldn't serve."""

from __future__ import annotations

import logging
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import NetworkDescription
from entrepot.envs.rendering.map_layout import MapLayout
from entrepot.envs.rendering.network_map import COVER_COLOURS, MARKERS, MODE_COLOURS, draw_backdrop, draw_present
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.envs.rendering.scene import Scene, scene_of

Pixels = NDArray[np.uint8]

INCHES = (14.0, 6.6)
DOTS_PER_INCH = 80
STOCK_COLOURS = {"on hand": "#1f3b57", "on the dock": "#8fa3b5", "on the way": "#cfe0ee"}
SERVED, SHORT = "#3a9d5d", "#c8102e"
MAP, STOCK, SERVICE = (0.035, 0.125, 0.685, 0.81), (0.805, 0.565, 0.185, 0.36), (0.805, 0.09, 0.185, 0.36)

logger = logging.getLogger(__name__)
_STAGES: WeakKeyDictionary[BatchedWarehouseNetwork, Stage] = WeakKeyDictionary()


def network_frame(world: BatchedWarehouseNetwork, environment: int = 0) -> Pixels:
    """[height, width, 3] pixels of one environment's present day.

    Args:
        world: after its first `reset`.
        environment: which of the B to draw.

    Raises:
        RuntimeError: there is no episode yet.
    """
    scene = scene_of(world, environment)
    if world not in _STAGES:
        _STAGES[world] = Stage(world.description)
    return _STAGES[world].frame(scene)


class Stage:
    """Draws frames of one network; what is the same on all of them is drawn once."""

    @names_as_they_are()
    def __init__(self, network: NetworkDescription) -> None:
        """Args: whose frames are drawn."""
        self._network = network
        figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, facecolor="white")
        axes = figure.add_axes(MAP)
        self._layout = MapLayout.of(network, axes, with_values=True)
        draw_backdrop(self._layout, axes, coloured_by_cover=True)
        _wrap_legend(axes)
        for place, title, colours in (
            (STOCK, "stock in days of demand", STOCK_COLOURS),
            (SERVICE, "demand of the day before, in units", {"served at once": SERVED, "not in stock": SHORT}),
        ):
            _draw_panel(figure.add_axes(place), title, colours, tuple(network.nodes))
        self._figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH)
        self._figure.figimage(_pixels_of(figure), zorder=-1)
        self._map, self._stock, self._service = (_bare(self._figure, place) for place in (MAP, STOCK, SERVICE))
        self._layout.frame.limit(self._map)

    @staticmethod
    def colours() -> list[tuple[int, int, int]]:
        """What says something on any frame, 0 to 255."""
        marks = [colour for _, colour, _ in MARKERS.values()]
        plain = ["white", *STOCK_COLOURS.values(), SERVED, SHORT, *MODE_COLOURS.values(), *marks]
        cover = [COVER_COLOURS(share) for share in np.linspace(0.0, 1.0, 48)]
        return [(round(255 * r), round(255 * g), round(255 * b)) for r, g, b in map(to_rgb, [*plain, *cover])]

    @names_as_they_are()
    def frame(self, scene: Scene) -> Pixels:
        """[height, width, 3] pixels."""
        for axes in (self._map, self._stock, self._service):
            for artist in (*axes.collections, *axes.lines, *axes.patches, *axes.texts):
                artist.remove()
        cover = dict(zip(self._network.nodes, scene.stock_days["on hand"].tolist(), strict=True))
        flows = dict(zip((lane.name for lane in self._network.lanes), scene.shipped.tolist(), strict=True))
        draw_present(self._layout, self._map, node_values=cover, lane_flows=flows)
        self._map.set_title(scene.caption, fontsize=12, loc="left")
        _draw_bars(self._stock, [(days, STOCK_COLOURS[part]) for part, days in scene.stock_days.items()])
        _draw_service(self._service, scene)
        return _pixels_of(self._figure)


class NetworkWindow:
    """A window that shows one frame after another, where there is a screen."""

    def __init__(self) -> None:
        """No window is opened before the first frame."""
        self._image: Any = None
        self._told = False

    def __getstate__(self) -> dict[str, Any]:
        # A screen has one such window; a copy opens another when it has something to show.
        return {**vars(self), "_image": None}

    def show(self, world: BatchedWarehouseNetwork) -> None:
        """Draw the present day; without a screen, say so once in the log.

        Raises:
            RuntimeError: there is no episode yet.
        """
        _ = world.scenario  # asked for before a window is opened
        # Only a person's window needs pyplot, whose import picks a backend for the whole process.
        from matplotlib import pyplot
        from matplotlib.backends import registry

        known: Any = registry.backend_registry
        with_screen = {name.lower() for name in known.list_builtin(registry.BackendFilter.INTERACTIVE)}
        if pyplot.get_backend().lower() not in with_screen:
            if not self._told:
                logger.warning("render_mode='human': there is no screen to draw on; use render_mode='rgb_array'")
                self._told = True
            return
        frame = network_frame(world)
        if self._image is None:
            figure = pyplot.figure(figsize=INCHES, dpi=DOTS_PER_INCH)
            axes = figure.add_axes((0, 0, 1, 1))
            axes.axis("off")
            self._image = axes.imshow(frame)
        self._image.set_data(frame)
        pyplot.pause(0.001)

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._image is not None:
            from matplotlib import pyplot

            pyplot.close(self._image.figure)
            self._image = None


def _pixels_of(figure: Figure) -> Pixels:
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _bare(figure: Figure, place: tuple[float, float, float, float]) -> Any:
    """Axes of which nothing is seen but what is drawn on them."""
    axes: Any = figure.add_axes(place)
    axes.axison = False
    return axes


def _wrap_legend(axes: Any) -> None:
    """In two rows: beside the panels the map is too narrow for one."""
    handles, texts = axes.get_legend().legend_handles, axes.get_legend().get_texts()
    labels = [text.get_text() for text in texts]
    axes.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.0, -0.035),
        borderaxespad=0.0,
        ncols=-(-len(handles) // 2),
        fontsize=8,
        frameon=False,
    )


def _draw_panel(axes: Any, title: str, colours: dict[str, str], names: tuple[str, ...]) -> None:
    """What is the same on all days: the nodes' names, the title, the legend."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.set_xticks([])
    axes.tick_params(labelsize=8, length=0)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.legend(
        handles=[Patch(color=colour, label=label) for label, colour in colours.items()],
        fontsize=7.5,
        ncols=3,
        loc="upper left",
        bbox_to_anchor=(-0.03, -0.08),
        frameon=False,
        handlelength=1.0,
        columnspacing=1.0,
    )


def _draw_service(axes: Any, scene: Scene) -> None:
    end = scene.served + scene.short
    longest = _draw_bars(axes, [(scene.served, SERVED), (scene.short, SHORT)], room=1.3)
    for row, count in enumerate(scene.lacking):
        if count:
            word = "SKU" if count == 1 else "SKUs"
            axes.text(end[row] + 0.02 * longest, row, f"{count} {word} out", fontsize=7.5, color=SHORT, va="center")


def _draw_bars(axes: Any, parts: list[tuple[NDArray[np.float64], str]], *, room: float = 1.03) -> float:
    """Bars one after the other over a scale of its own; returns the longest bar's length, at least 1."""
    count = len(parts[0][0])
    ends = np.cumsum([values for values, _ in parts], axis=0)
    longest = max(float(ends[-1].max()), 1.0)
    axes.set_xlim(0, room * longest)
    axes.set_ylim(count - 0.5, -0.5)
    step = _round_step(longest)
    for tick in np.arange(0, room * longest, step):
        axes.axvline(tick, color="#e3e9ee", linewidth=0.7, zorder=0)
        axes.text(tick, count - 0.4, f"{tick:,.12g}", fontsize=8, ha="center", va="top")
    for (values, colour), end in zip(parts, ends, strict=True):
        bars = [
            [(right - width, row - 0.35), (right, row - 0.35), (right, row + 0.35), (right - width, row + 0.35)]
            for row, (right, width) in enumerate(zip(end, values, strict=True))
        ]
        axes.add_collection(PolyCollection(bars, facecolors=colour, zorder=1), autolim=False)
    return longest


def _round_step(longest: float) -> float:
    """Between ticks: 1, 2 or 5 times a power of ten, for three to six of them."""
    power = 10.0 ** np.floor(np.log10(longest / 3))
    return float(next(step * power for step in (1, 2, 5, 10) if longest / (step * power) <= 5))
