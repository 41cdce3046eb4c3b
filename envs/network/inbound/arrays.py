"""What holds at Amazon's fulfilment centres as arrays: n centres, a thresholds of age, w of weeks of stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.network.inbound.description import CheckIn
from entrepot.envs.network.inbound.fees import increments, load_fees, thresholds

if TYPE_CHECKING:
    from entrepot.envs.network.description import NetworkDescription

NO_LIMIT = 1e12


@dataclass(frozen=True)
class InboundArrays(Record):
    """Of each centre; surcharges as increments, as `fees.increments` has them."""

    node: Annotated[Integers, Axes("n")]
    limit_m3: Annotated[Floats, Axes("nY")]  # of stock and goods on their way, by month
    placement_usd_per_unit: Annotated[Floats, Axes("n")]
    removal_usd_per_unit: Annotated[Floats, Axes("n")]
    lost_share: Annotated[Floats, Axes("n")]  # of the value of what is removed
    age_days: Annotated[Integers, Axes("a")]  # since receipt, rising
    aged_usd_per_m3_day: Annotated[Floats, Axes("an")]
    removes: Annotated[Floats, Axes("an")]  # 1 where the centre's units are removed once they are so old
    weeks: Annotated[Floats, Axes("w")]  # of stock, rising
    utilisation_usd_per_m3_day: Annotated[Floats, Axes("wn")]
    check_in_days: Annotated[Floats, Axes("L")]  # mean, at the lane's destination
    check_in_longest_days: Annotated[Integers, Axes("L")]

    @classmethod
    def of(cls, network: NetworkDescription) -> InboundArrays | None:
        """Of a network; None where no node is Amazon's.

        Raises:
            ConfigurationError: a table of fees is missing, can't be used, or has none of the day.
        """
        centres = [(at, node.fba) for at, node in enumerate(network.nodes.values()) if node.fba is not None]
        if not centres:
            return None
        rules = [fba for _, fba in centres]
        fees = [load_fees(fba.fees, fba.fees_on) for fba in rules]
        removal = [fba.remove_after_days for fba in rules]
        age = sorted({*thresholds(table.aged for table in fees), *(days for days in removal if days)})
        weeks = thresholds(table.utilisation for table in fees)
        limits = [NO_LIMIT if fba.capacity_m3 is None else fba.capacity_m3 for fba in rules]
        return cls(
            node=np.array([at for at, _ in centres]),
            limit_m3=np.array([limit if isinstance(limit, list) else [limit] * 12 for limit in limits]),
            placement_usd_per_unit=np.array([table.placement_usd_per_unit for table in fees]),
            removal_usd_per_unit=np.array([table.removal_usd_per_unit for table in fees]),
            lost_share=np.array([1 - fba.recovered_share for fba in rules]),
            age_days=np.array(age, np.int64),
            aged_usd_per_m3_day=np.stack([increments(table.aged, age) for table in fees], axis=-1),
            removes=np.array([float(days == limit) for limit in age for days in removal]).reshape(len(age), len(rules)),
            weeks=np.array(weeks, np.float64),
            utilisation_usd_per_m3_day=np.stack([increments(table.utilisation, weeks) for table in fees], axis=-1),
            check_in_days=np.array([check_in.days for check_in in check_ins(network)]),
            check_in_longest_days=np.array([check_in.longest for check_in in check_ins(network)]),
        )


def check_ins(network: NetworkDescription) -> list[CheckIn]:
    """[L] at each lane's destination; without days where it isn't Amazon's."""
    rules = [network.nodes[lane.destination].fba for lane in network.lanes]
    return [CheckIn() if fba is None else fba.check_in for fba in rules]
