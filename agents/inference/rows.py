"""What is said of each row while it climbs the ladder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Reason


@dataclass
class Rows:
    """Reasons gathered for B rows; which the policy may decide for, and of which nothing may go out."""

    count: int
    reasons: list[list[Reason]] = field(init=False)
    trusted: NDArray[np.bool_] = field(init=False)  # [B] False: the fallback decides
    held: NDArray[np.bool_] = field(init=False)  # [B] True: nothing goes out without a person

    def __post_init__(self) -> None:
        self.reasons = [[] for _ in range(self.count)]
        self.trusted = np.ones(self.count, np.bool_)
        self.held = np.zeros(self.count, np.bool_)

    def fall(self, rows: NDArray[Any] | slice, reason: Reason) -> None:
        """Send rows to the fallback."""
        self.trusted[rows] = False
        self.note(rows, reason)

    def hold(self, rows: NDArray[Any] | slice, reason: Reason) -> None:
        """Let nothing of these rows go out."""
        self.held[rows] = True
        self.note(rows, reason)

    def note(self, rows: NDArray[Any] | slice, reason: Reason) -> None:
        """Say something of rows."""
        for row in np.arange(self.count)[rows]:
            self.reasons[row].append(reason)
