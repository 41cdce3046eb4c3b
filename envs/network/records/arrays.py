"""Errors of records by node, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.network.records.description import CountPlan, Records

if TYPE_CHECKING:
    from entrepot.envs.network.description import NetworkDescription

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True)
class RecordArrays(Record):
    """Of each node."""

    shrinkage_share_per_day: Annotated[Floats, Axes("N")]
    mispick_share: Annotated[Floats, Axes("N")]
    misplaced_share: Annotated[Floats, Axes("N")]
    booking_delay_days: Annotated[Integers, Axes("N")]
    described: Records

    @classmethod
    def of(cls, network: NetworkDescription) -> RecordArrays | None:
        """Of a network; None where nothing is said of records."""
        if network.records is None:
            return None
        found = [network.records.of(name) for name in network.nodes]
        return cls(
            shrinkage_share_per_day=np.array([node.shrinkage_share_per_year for node in found]) / DAYS_PER_YEAR,
            mispick_share=np.array([node.mispick_share for node in found]),
            misplaced_share=np.array([node.misplaced_share for node in found]),
            booking_delay_days=np.array([node.booking_delay_days for node in found], dtype=np.int64),
            described=network.records,
        )

    @property
    def kept(self) -> bool:
        """Whether the twin keeps records beside stock: they can be wrong, or are counted."""
        wrong = (self.shrinkage_share_per_day, self.mispick_share, self.misplaced_share)
        return any(bool((rate > 0).any()) for rate in wrong) or self.described.counts is not CountPlan.NONE
