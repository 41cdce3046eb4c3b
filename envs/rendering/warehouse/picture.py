"""A warehouse as a picture: its racks from above one corner, and its floor with a pick tour."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from entrepot.configs.files import write_atomically
from entrepot.envs.network.columns import Floats
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.envs.rendering.warehouse.scene import EMPTY, Scene

TURN, TILT = np.deg2rad(35.0), np.deg2rad(32.0)
"""Of the view: around the upright, and down from the horizontal."""
COLOURS = colormaps["viridis_r"]
NOTHING = (0.93, 0.93, 0.93, 1.0)
# Faces of a unit box that are seen from above the front right corner, with how much light falls on each.
_FACES = (
    (np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]), 1.0),
    (np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]]), 0.82),
    (np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]]), 0.66),
)


@names_as_they_are()
def save_picture(scene: Scene, path: Path, *, colouring: str) -> None:
    """Draw a warehouse into a PNG.

    Args:
        scene: the warehouse.
        path: the file.
        colouring: of `COLOURINGS`.

    Raises:
        ConfigurationError: there is no such colouring.
        OSError: the file can't be written.
    """
    value = scene.value(colouring)
    figure = Figure(figsize=(11, 10.5), layout="constrained")
    FigureCanvasAgg(figure)
    above, floor = figure.subplots(2, 1, height_ratios=[1.15, 1.0])
    colours = np.where((value == EMPTY)[:, None], np.array(NOTHING), COLOURS(np.clip(value, 0, 1)))
    _racks(above, scene, colours)
    _floor(floor, scene, colours)
    figure.suptitle(scene.title)
    figure.colorbar(
        ScalarMappable(Normalize(0, 1), COLOURS), ax=[above, floor], shrink=0.5, label=scene.told[colouring]
    )
    content = BytesIO()
    figure.savefig(content, dpi=110, format="png")
    write_atomically(path, content.getvalue())


def _seen(points: Floats) -> Floats:
    """[..., 2] on the picture, of points [..., 3]."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    right = x * np.cos(TURN) + y * np.sin(TURN)
    away = y * np.cos(TURN) - x * np.sin(TURN)
    return np.stack([right, away * np.sin(TILT) + z * np.cos(TILT)], axis=-1)


def _racks(axes, scene: Scene, colours: Floats) -> None:  # type: ignore[no-untyped-def]
    middle = scene.corner + scene.size / 2
    depth = middle[:, 1] * np.cos(TURN) - middle[:, 0] * np.sin(TURN)
    # The farthest first, and of one place the lowest.
    order = np.lexsort((middle[:, 2], -np.round(depth, 3)))
    faces, shades = [], []
    for face, light in _FACES:
        points = scene.corner[order, None, :] + face[None] * scene.size[order, None, :]
        faces.append(_seen(points))
        shades.append(np.column_stack([colours[order, :3] * light, np.ones(len(order))]))
    each = np.stack(faces, axis=1).reshape(-1, 4, 2)
    axes.add_collection(
        PolyCollection(
            list(each), facecolors=np.stack(shades, axis=1).reshape(-1, 4), edgecolors="#33333355", linewidths=0.15
        )
    )
    axes.autoscale_view()
    axes.set_aspect("equal")
    axes.set_axis_off()


def _floor(axes, scene: Scene, colours: Floats) -> None:  # type: ignore[no-untyped-def]
    lowest = scene.corner[:, 2] <= scene.corner[:, 2].min() + 1e-9
    corner, size = scene.corner[lowest], scene.size[lowest]
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    places = corner[:, None, :2] + square[None] * size[:, None, :2]
    axes.add_collection(PolyCollection(places, facecolors=colours[lowest], edgecolors="#33333355", linewidths=0.2))
    axes.plot(*scene.tour.T, color="#c8102e", linewidth=1.4, label=f"a pick tour, S-shape: {scene.tour_m:,.0f} m")
    axes.plot(*scene.tour[0], marker="s", color="#c8102e", markersize=8)
    axes.autoscale_view()
    axes.set_aspect("equal")
    axes.set_xlabel("m")
    axes.set_ylabel("m from the front cross aisle")
    axes.set_title("the floor: lowest level", fontsize="medium")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2, frameon=False, fontsize="small")
