"""What the twin needs to know of records of stock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.records.description import CountPlan
from entrepot.envs.twin.parameters.tensors import Kind, compiled

GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, without their whole part, lie evenly however many there are."""


@dataclass(frozen=True)
class RecordParameters(Record):
    """Of each node; axes of 1 stand for environments, and for SKUs where that is the last one."""

    shrinkage_share_per_day: Annotated[Tensor, Axes("N11")]
    mispick_share: Annotated[Tensor, Axes("N11")]
    misplaced_share: Annotated[Tensor, Axes("N11")]
    booking_delay_days: Annotated[Tensor, Axes("N")]  # integers
    opening_share: Annotated[Tensor, Axes("N1S")]  # of the days between two counts, that have passed at the beginning
    shrinks: bool  # whether any stock ever vanishes
    mispicks: bool  # whether anything is ever mispicked
    misplaces: bool  # whether anything is ever misplaced
    kept: bool  # whether records stand beside stock in the state
    delays: int  # days, the longest until something is booked
    plan: CountPlan
    count_usd: float
    yearly_days: int
    class_days: tuple[int, ...]  # A, B, C
    class_shares: tuple[float, ...]  # of turnover: A up to the first, B up to the second
    suspicious_sales: float  # that a cell's rate would have brought, and none came

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self | None:
        """Of a network; None where nothing is said of records."""
        records = network.records
        if records is None:
            return None
        told, cells = records.described, (len(network.nodes), len(network.skus))
        return compiled(
            cls,
            records,
            kind,
            opening_share=(np.arange(1, np.prod(cells) + 1) * GOLDEN % 1.0).reshape(cells),
            shrinks=bool(records.shrinkage_share_per_day.any()),
            mispicks=bool(records.mispick_share.any()),
            misplaces=bool(records.misplaced_share.any()),
            kept=records.kept,
            delays=int(records.booking_delay_days.max()),
            plan=told.counts,
            count_usd=told.count_usd,
            yearly_days=told.yearly_days,
            class_days=tuple(told.class_days),
            class_shares=tuple(told.class_shares),
            suspicious_sales=-math.log(told.suspicious_chance),
        )
