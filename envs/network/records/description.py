"""The key `records` of a network's YAML: errors of records by node, and the plan by which stock is counted.

As they stand all rates are 0, so that records are right. Whoever gives a rate gives its source, or says that it is an
assumption.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from entrepot.configs.loader import StrictModel

Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=1, le=3650)]
MOST_DELAY_DAYS = 60


class CountPlan(StrEnum):
    """Which stock is counted when. A cell is a node's stock of a SKU."""

    NONE = "none"
    YEARLY = "yearly"  # every cell once in `yearly_days`, evenly over the days
    ABC = "abc"  # the more of a node's turnover a SKU is, the more often
    SUSPICION = "suspicion"  # after a pick that failed, or recorded stock but no sales for long against its rate


class NodeRecords(StrictModel):
    """Errors at one node."""

    shrinkage_share_per_year: Share = Field(0.0, description="of the stock, that vanishes unrecorded")
    mispick_share: Share = Field(0.0, description="of units picked, of which another SKU's leaves in truth")
    misplaced_share: Share = Field(0.0, description="of units put away, that stand where nobody finds them")
    booking_delay_days: Annotated[int, Field(ge=0, le=MOST_DELAY_DAYS)] = Field(
        0, description="later what arrives and is sold stands in the books"
    )


class Records(StrictModel):
    """Errors of records, and counts."""

    every_node: NodeRecords = Field(NodeRecords(), description="of nodes that aren't named")
    nodes: dict[str, NodeRecords] = Field(default_factory=dict, description="of nodes by name, in full")
    counts: CountPlan = CountPlan.NONE
    count_usd: NonNegative = Field(0.0, description="of labour, for a count of one SKU at one node")
    yearly_days: Days = 365
    class_days: Annotated[list[Days], Field(min_length=3, max_length=3)] = Field(
        [30, 90, 365], description="between counts of classes A, B and C"
    )
    class_shares: Annotated[list[Share], Field(min_length=2, max_length=2)] = Field(
        [0.8, 0.95], description="of a node's turnover: A up to the first, B up to the second"
    )
    suspicious_chance: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.01, description="of no sale for so long, at the cell's rate, below which its record is doubted"
    )

    def of(self, node: str) -> NodeRecords:
        """Errors at a node."""
        return self.nodes.get(node, self.every_node)
