"""Figures as JSON, in the one form that every command and benchmark writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from entrepot import __version__
from entrepot.configs.errors import cannot_write
from entrepot.configs.files import write_atomically

Row = Mapping[str, Any]


def write_json(path: Path, rows: Sequence[Row], *, provenance: Row, **more: Any) -> None:
    """Write figures as ``{"rows": […], "provenance": {…}}``; the file is there whole or not at all.

    Args:
        path: the file to write.
        rows: one mapping a row, keys in snake_case with the unit in the name.
        provenance: what the figures were made from; the version of entrepot is added.
        more: further lists of rows, by key.

    Raises:
        ConfigurationError: the file can't be written.
    """
    content = {"rows": list(rows), **more, "provenance": {"entrepot_version": __version__, **provenance}}
    try:
        write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise cannot_write(path, error, "--json") from error
