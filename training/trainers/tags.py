"""Tags in TensorBoard that those who train share with the log, without all that it takes to draw."""

from __future__ import annotations

PARTS = "cost_parts_usd_per_day"


def while_training(part: str) -> str:
    """The tag of a part of the cost in the scenarios that are trained on."""
    return f"{PARTS}/{part}_while_training"
