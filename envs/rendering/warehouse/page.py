"""A warehouse as one HTML file on which it can be turned: no library, nothing fetched, drawn on a plain canvas."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from entrepot.configs.files import write_atomically
from entrepot.envs.rendering.warehouse.scene import Scene


def page_of(scene: Scene, *, colouring: str) -> str:
    """The page.

    Args:
        scene: the warehouse.
        colouring: of `COLOURINGS`, shown first; the others can be chosen on the page.

    Raises:
        ConfigurationError: there is no such colouring.
    """
    scene.value(colouring)
    content = {
        "corner": np.round(scene.corner, 2).tolist(),
        "size": np.round(scene.size, 2).tolist(),
        "values": {name: np.round(value, 3).tolist() for name, value in scene.values.items()},
        "told": scene.told,
        "labels": scene.labels,
        "tour": np.round(scene.tour, 2).tolist(),
        "tour_m": round(scene.tour_m, 1),
        "colouring": colouring,
    }
    # No text may end the script that it stands in.
    data = json.dumps(content, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    template = files("entrepot.envs.rendering.warehouse").joinpath("page.html").read_text(encoding="utf-8")
    return template.replace("{{title}}", html.escape(scene.title)).replace("{{data}}", data)


def save_page(scene: Scene, path: Path, *, colouring: str) -> int:
    """Write the page; the size of the file in bytes."""
    content = page_of(scene, colouring=colouring).encode("utf-8")
    write_atomically(path, content)
    return len(content)
