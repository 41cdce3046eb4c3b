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
    maintenance: Annotated[Tensor | None, Axes("BU")] = None
    """Of each unit of equipment: from 0.5 up, it is maintained before the day's shift, unless it is being mended. None,
    as whoever doesn't decide it has it: by the network's own policy."""
