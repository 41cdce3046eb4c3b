"""Maintenance of equipment, of modules that decide it: a unit whose figures can't be used is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.checking import UNIT_FIELDS, Checked
from entrepot.agents.inference.decision import Reason

OUTPUT = "maintenance"
"""Of the graph; absent from modules that decide none."""
DUE = 0.5


def fallback_maintenance(network: Mapping[str, NDArray[Any]], told: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """[B, U] 1 from the age on at which maintenance costs least in the long run, else 0."""
    return (told["unit_age_hours"] >= network["unit_best_age_hours"]).astype(np.float32)


def maintained(
    asked: NDArray[np.float32], network: Mapping[str, NDArray[Any]], checked: Checked, stale: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """[B, U] units to maintain before the day's shift.

    Those that are being mended are left alone, and so are all of a row that is held, and units whose hours can't be
    used or whose node's figures are too old.

    Args:
        asked: [B, U] from 0 to 1 by policy or fallback, from 0.5 up: maintain.
        network: its attributes.
        checked: the snapshot; its rows are told where the policy answered no number.
        stale: [B, N] nodes whose figures are too old, None if none are.
    """
    rows = checked.rows
    known = np.isfinite(asked)
    for row in np.flatnonzero(~known.all(axis=1)):
        rows.note(np.array([row]), Reason("guard", OUTPUT, "not a number: the unit is not maintained"))
    good = known & (asked >= DUE) & ~rows.held[:, None]
    good &= checked.arrays["unit_down_hours"] <= 0
    for name in UNIT_FIELDS:
        good &= checked.usable_or_all(name)
    return good if stale is None else good & ~stale[:, network["unit_node"]]
