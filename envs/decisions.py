"""What is decided on a day, whoever decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from entrepot.envs.axes import Axes, Record


@dataclass(frozen=True)
class Decisions(Record):
    """All decisions of one day; another kind of decision is another field here, and changes no signature."""

    orders: Annotated[Tensor, Axes("BLS", unit="units")]
    """Asked for on each lane today, replenishment and transfers alike. Negative ones count as 0; the twin rounds them
    where it keeps whole units."""
