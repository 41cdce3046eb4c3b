"""Frames of an episode: the network's map with stock and flows, and beside it what each node has and couldn't serve."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.order_up_to import demand_rate
from entrepot.envs.rendering.network_map import draw_network
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.envs.snapshot import calendar

INCHES = (14.0, 6.6)
DOTS_PER_INCH = 80
STOCK_COLOURS = {"on hand": "#1f3b57", "on the dock": "#8fa3b5", "on the way": "#cfe0ee"}
SERVED, SHORT = "#3a9d5d", "#c8102e"

logger = logging.getLogger(__name__)


@names_as_they_are()
def network_frame(world: BatchedWarehouseNetwork, environment: int = 0) -> NDArray[np.uint8]:
    """[height, width, 3] pixels of one environment's present day.

    Args:
        world: after its first `reset`.
        environment: which of the B to draw.

    Raises:
        RuntimeError: there is no episode yet.
    """
    caption = _caption(world, environment)
    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, facecolor="white")
    canvas: Any = FigureCanvasAgg(figure)
    names = world.network.nodes
    stock = _stock_in_days(world, environment)
    axes = figure.add_axes((0.035, 0.125, 0.685, 0.81))
    cover = dict(zip(names, stock["on hand"].tolist(), strict=True))
    draw_network(world.description, axes, node_values=cover, lane_flows=_shipped(world, environment))
    axes.set_title(caption, fontsize=12, loc="left")
    _wrap_legend(axes)
    _draw_stock(figure.add_axes((0.805, 0.565, 0.185, 0.36)), names, stock)
    _draw_service(figure.add_axes((0.805, 0.09, 0.185, 0.36)), names, *_service(world, environment))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


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


def _caption(world: BatchedWarehouseNetwork, environment: int) -> str:
    number = int(world.scenario.first_day[environment]) + world.warm_up_days + world.day
    title = world.description.title or world.description.name
    caption = f"{title}: {calendar.iso(number)}, day {world.day} of {world.episode_days}"
    if world.transition is not None:
        usd = float(world.transition.cost_by_agent[environment].sum())
        caption += f", {usd:,.0f} USD the day before"
    return caption


def _stock_in_days(world: BatchedWarehouseNetwork, environment: int) -> dict[str, NDArray[np.float64]]:
    """[N] days of the node's demand rate, all SKUs together."""
    seen = world.snapshot
    rate = demand_rate(world.attributes, seen)[environment].sum(dim=-1)
    parts = zip(STOCK_COLOURS, (seen.on_hand, seen.dock, seen.in_transit), strict=True)
    return {name: (units[environment].sum(dim=-1) / rate).cpu().numpy() for name, units in parts}


def _shipped(world: BatchedWarehouseNetwork, environment: int) -> dict[str, float]:
    """Units that departed on each lane on the day before."""
    if world.transition is None:
        return {}
    units = world.transition.flows.shipped[environment].sum(dim=-1).tolist()
    return dict(zip(world.network.lanes, units, strict=True))


def _service(
    world: BatchedWarehouseNetwork, environment: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """[N] units served at once for the markets whose first option the node is, units not, and SKUs that lacked."""
    if world.transition is None:
        nothing = np.zeros(len(world.network.nodes))
        return nothing, nothing, nothing.astype(np.int64)
    flows, home = world.transition.flows, world.parameters.market.direct_share
    demand = home @ flows.demand[environment]
    served = home @ (flows.served.sum(dim=0) - flows.served_backlog)[environment]
    short = (demand - served).clamp(min=0.0)
    lacking = (short > 0.5).sum(dim=-1)
    return served.sum(dim=-1).cpu().numpy(), short.sum(dim=-1).cpu().numpy(), lacking.cpu().numpy()


def _draw_stock(axes: Any, names: tuple[str, ...], stock: dict[str, NDArray[np.float64]]) -> None:
    left = np.zeros(len(names))
    for part, days in stock.items():
        axes.barh(range(len(names)), days, left=left, color=STOCK_COLOURS[part], label=part, height=0.7)
        left = left + days
    axes.set_title("stock in days of demand", fontsize=9.5, loc="left")
    axes.legend(
        fontsize=7.5,
        ncols=3,
        loc="upper left",
        bbox_to_anchor=(-0.03, -0.08),
        frameon=False,
        handlelength=1.0,
        columnspacing=1.0,
    )
    _finish(axes, names)


def _draw_service(
    axes: Any,
    names: tuple[str, ...],
    served: NDArray[np.float64],
    short: NDArray[np.float64],
    lacking: NDArray[np.int64],
) -> None:
    axes.barh(range(len(names)), served, color=SERVED, label="served at once", height=0.7)
    axes.barh(range(len(names)), short, left=served, color=SHORT, label="not in stock", height=0.7)
    longest = max(float((served + short).max()), 1.0)
    for row, (end, count) in enumerate(zip(served + short, lacking, strict=True)):
        if count:
            word = "SKU" if count == 1 else "SKUs"
            axes.text(end + 0.02 * longest, row, f"{count} {word} out", fontsize=7.5, color=SHORT, va="center")
    axes.set_title("demand of the day before, in units", fontsize=9.5, loc="left")
    axes.legend(fontsize=7.5, ncols=2, loc="upper left", bbox_to_anchor=(-0.03, -0.08), frameon=False, handlelength=1.0)
    axes.set_xlim(0, 1.3 * longest)
    _finish(axes, names)


def _finish(axes: Any, names: tuple[str, ...]) -> None:
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.invert_yaxis()
    axes.tick_params(labelsize=8, length=0)
    axes.grid(axis="x", color="#e3e9ee", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
