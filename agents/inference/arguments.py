"""What a caller asks with, checked before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Limits, Tolerance
from entrepot.agents.inference.errors import InputRefused
from entrepot.agents.inference.plain import plain_array


def check_arguments(snapshot: Any, limits: Any, tolerance: Any, deadline_seconds: Any) -> None:
    """Refuse what no decision can be made with.

    Raises:
        InputRefused: the argument, what it is and what is allowed.
    """
    if not isinstance(snapshot, Mapping):
        raise InputRefused(f"snapshot: {type(snapshot).__name__}; arrays by name are required")
    if not isinstance(limits, Limits):
        raise InputRefused(f"limits: {type(limits).__name__}; Limits(…) is required, or leave it out")
    if not isinstance(limits.replaces, bool):
        raise InputRefused(f"limits.replaces: {limits.replaces!r}; True or False is required")
    if not isinstance(tolerance, Tolerance):
        raise InputRefused(f"tolerance: {type(tolerance).__name__}; Tolerance(…) is required, or leave it out")
    for name in ("margin", "share"):
        if not _figure(value := getattr(tolerance, name)) or not 0 <= value < np.inf:
            raise InputRefused(f"tolerance.{name}: {value!r}; a figure of 0 or more is required")
    if deadline_seconds is not None and not (_figure(deadline_seconds) and deadline_seconds > 0):
        raise InputRefused(f"deadline_seconds: {deadline_seconds!r}; more than 0 is required, or None for none")


def ages(age_seconds: Any, rows: int, nodes: int | None) -> NDArray[np.float64]:
    """Seconds, [B] or, by node, [B, N].

    Args:
        age_seconds: as given.
        rows: B.
        nodes: N; None if the network can't be used, so that nobody knows.

    Raises:
        InputRefused: it wasn't told, or is no age.
    """
    if age_seconds is None:
        raise InputRefused(
            "age_seconds: missing; how old the snapshot is must be told: one figure, by row [B], or by node [B, N]"
        )
    age, problem = plain_array(age_seconds)
    if age is None or age.dtype.kind == "b":
        raise InputRefused(f"age_seconds: {problem or 'is of type bool; seconds are required'}")
    if age.shape not in ((), (rows,)) and not (age.ndim == 2 and age.shape == (rows, nodes or age.shape[-1])):
        raise InputRefused(
            f"age_seconds: has shape {list(age.shape)}; one figure, [{rows}] or [{rows}, {nodes or 'N'}] is required"
        )
    return np.array(np.broadcast_to(age, (rows,)) if age.ndim < 2 else age, np.float64)


def _figure(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True
