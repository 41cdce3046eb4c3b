"""Records of stock that come to differ from it, and counts that set them right.

Of a node's stock of a SKU, its cell, there is what stands on the shelves and can be found, what stands where nobody
finds it, and what is recorded. A unit leaves only where it is recorded and can be found; who asked for more is lost or
waits as the market's customers do. A day's errors, all by dice of the scenario:

- shrinkage: units on the shelves vanish; the record stays;
- wrong location: units that are put away can't be found until they are counted;
- mispicks: a customer gets a unit of the SKU that is listed next (an assumption: it stands beside); the record of the
  one falls, the stock of the other. It isn't told of in returns.

The expected number of units is rounded up or down by chance, so that while it is below 1 there is one error or none. A
count finds what was misplaced, and sets the record to the stock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, NamedTuple, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.records.description import CountPlan
from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.parameters.records import RecordParameters
from entrepot.envs.twin.rationing import SMALLEST
from entrepot.envs.twin.scenario import Day

if TYPE_CHECKING:  # they need the state, of which this is a part
    from entrepot.envs.twin.receiving import Received
    from entrepot.envs.twin.serving import Served

RATE_DAYS = 91
"""A cell's rate of sales is weighted over so many days."""
LEAST_UNITS = 1e-3
"""Less than this is nothing."""


@dataclass(frozen=True)
class RecordState(Record):
    """What is recorded of B networks at the start of a day, and what is known for counts."""

    recorded: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units
    misplaced: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units of the stock that can't be found
    sales_rate: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units a day that the node sold
    quiet_days: Annotated[Tensor, Axes("BNS", memory="NBS")]  # without a sale, since the last count
    uncounted_days: Annotated[Tensor, Axes("BNS", memory="NBS")]

    @classmethod
    def opening(cls, parameters: RecordParameters, on_hand: Tensor) -> Self:
        """All is as recorded; the last counts lie apart.

        Args:
            parameters: of records.
            on_hand: [B, N, S] units.
        """
        none = torch.zeros_like(on_hand)
        longest = parameters.class_days[-1] if parameters.plan is CountPlan.ABC else parameters.yearly_days
        ago = torch.floor(parameters.opening_share * longest).expand_as(entity_first(on_hand)).contiguous()
        return cls(on_hand.clone(), none, none, none, ago.transpose(0, 1))

    def without(self, units: Tensor, on_hand: Tensor) -> Self:
        """Where units that everybody saw go are gone.

        Args:
            units: [B, N, S].
            on_hand: [B, N, S] what is left.
        """
        recorded = (self.recorded - units).clamp(min=0.0)
        return replace(self, recorded=recorded, misplaced=torch.minimum(self.misplaced, on_hand))

    def after_expiry(self, units: Tensor, received: Received) -> Self:
        """Where units on the shelves have expired, which everybody saw.

        Args:
            units: [N, B, S].
            received: of the day, without them.
        """
        # What was unloaded today is recorded later in the day, and may be among them.
        recorded = (entity_first(self.recorded) + received.unloaded - units).clamp(min=0.0) - received.unloaded
        misplaced = torch.minimum(entity_first(self.misplaced), received.on_hand)
        return replace(self, recorded=recorded.transpose(0, 1), misplaced=misplaced.transpose(0, 1))


@dataclass(frozen=True)
class RecordFlows(Record):
    """What records and stock came to on one day."""

    shrunk: Annotated[Tensor, Axes("BNS")]  # units that vanished
    misplaced: Annotated[Tensor, Axes("BNS")]  # units that were put where nobody finds them
    kept_by_mispicks: Annotated[Tensor, Axes("BNS")]  # units sold by the record, of which another SKU's left
    lost_by_mispicks: Annotated[Tensor, Axes("BNS")]  # units that left in their place
    counted: Annotated[Tensor, Axes("BNS")]  # 1 where the cell was counted
    corrected: Annotated[Tensor, Axes("BNS")]  # units by which the count changed the record, up or down
    counting_usd: Annotated[Tensor, Axes("BN")]  # of labour


class Shelves(NamedTuple):
    """Before anybody asks, [N, B, S] units each."""

    available: Tensor  # recorded, and can be found
    findable: Tensor
    misplaced: Tensor  # in all
    recorded: Tensor
    shrunk: Tensor
    astray: Tensor  # misplaced today


class RecordsDay(NamedTuple):
    """A day of records."""

    on_hand: Tensor  # [N, B, S] units of stock at its end
    state: RecordState
    flows: RecordFlows
    shrunk: Tensor  # [N, B, S] units
    usd: Tensor  # [N, B] of counts


def at_shelves(parameters: RecordParameters, state: RecordState, day: Day, received: Received) -> Shelves:
    """Put away what was unloaded, and find what can be found.

    Args:
        parameters: of records.
        state: at the start of the day.
        day: of the scenario.
        received: of the day.
    """
    shrinkage, placing, _ = _dice(day)
    before, unloaded = entity_first(state.misplaced), received.unloaded
    there = (received.on_hand - before).clamp(min=0.0)
    # What was unloaded may have expired at once, and can't go astray any more.
    astray = torch.minimum(_errors(unloaded, parameters.misplaced_share, placing), there)
    findable = there - astray
    shrunk = _errors(findable, parameters.shrinkage_share_per_day, shrinkage)
    findable = findable - shrunk
    recorded = entity_first(state.recorded) + unloaded
    return Shelves(torch.minimum(findable, recorded), findable, before + astray, recorded, shrunk, astray)


def keep_records(
    parameters: TwinParameters,
    state: RecordState,
    day: Day,
    shelves: Shelves,
    served: Served,
    on_hand: Tensor,
    wanted: Tensor,
) -> RecordsDay:
    """Book what left, with the day's mispicks, and count what is to be counted.

    Args:
        parameters: of the network.
        state: at the start of the day.
        day: of the scenario.
        shelves: of the day.
        served: of the day, out of what was available.
        on_hand: [N, B, S] units left of what was available, after serving and sending.
        wanted: [M, B, S] units that customers asked for or waited for.
    """
    records = parameters.records
    assert records is not None
    taken, sold = shelves.available - on_hand, shelves.available - served.on_hand
    left, recorded = shelves.findable - taken, shelves.recorded - taken
    instead = _errors(sold, records.mispick_share, _dice(day)[2])
    gone = torch.minimum(instead.roll(1, dims=-1), left)
    kept = gone.roll(-1, dims=-1)
    left = left - gone + kept
    counted, corrected = None, torch.zeros_like(left)
    misplaced = shelves.misplaced
    rate = torch.lerp(entity_first(state.sales_rate), sold.detach(), 1 / RATE_DAYS)
    quiet = torch.where(sold > LEAST_UNITS, 0.0, entity_first(state.quiet_days) + 1)
    uncounted = entity_first(state.uncounted_days) + 1
    if records.plan is not CountPlan.NONE:
        failed = _failed_picks(parameters, served, recorded, wanted) if records.plan is CountPlan.SUSPICION else None
        counted = _due(parameters, records, rate, quiet, uncounted, recorded, failed)
        stock = left + misplaced
        corrected = torch.where(counted, (recorded - stock).abs(), 0.0)
        recorded, left = torch.where(counted, stock, recorded), torch.where(counted, stock, left)
        misplaced = torch.where(counted, 0.0, misplaced)
        quiet, uncounted = torch.where(counted, 0.0, quiet), torch.where(counted, 0.0, uncounted)
    ones = torch.zeros_like(left) if counted is None else counted.to(left)
    usd = ones.sum(dim=-1) * records.count_usd
    then = (recorded, misplaced, rate, quiet, uncounted)
    return RecordsDay(
        on_hand=left + misplaced,
        state=RecordState(*(value.transpose(0, 1) for value in then)),
        flows=RecordFlows(
            shrunk=shelves.shrunk.transpose(0, 1),
            misplaced=shelves.astray.transpose(0, 1),
            kept_by_mispicks=kept.transpose(0, 1),
            lost_by_mispicks=gone.transpose(0, 1),
            counted=ones.transpose(0, 1),
            corrected=corrected.transpose(0, 1),
            counting_usd=usd.t(),
        ),
        shrunk=shelves.shrunk,
        usd=usd,
    )


def _dice(day: Day) -> tuple[Tensor, Tensor, Tensor]:
    """[N, B, S] in [0, 1) each: of shrinkage, of places, of picks."""
    assert day.record_dice is not None
    shrinkage, placing, picking = day.record_dice.unbind(1)
    return entity_first(shrinkage), entity_first(placing), entity_first(picking)


def _errors(units: Tensor, share: Tensor, dice: Tensor) -> Tensor:
    """Whole units, no more than there are: a share of them, rounded up or down by the dice."""
    return torch.minimum(torch.floor(units * share + dice), units)


def _failed_picks(parameters: TwinParameters, served: Served, recorded: Tensor, wanted: Tensor) -> Tensor:
    """[N, B, S] whether somebody asked for more than could be found, while the record says that there is some."""
    by_rank = parameters.option.by_rank(served.by_option).view(-1, *wanted.shape)  # [R, M, B, S]
    unmet = (wanted - by_rank.cumsum(dim=0)).clamp(min=0.0)
    at_node = torch.einsum("rnm,rmbs->nbs", parameters.option.at_node, unmet)
    return (served.on_hand <= LEAST_UNITS) & (recorded > LEAST_UNITS) & (at_node > LEAST_UNITS)


def _due(
    parameters: TwinParameters,
    records: RecordParameters,
    rate: Tensor,
    quiet: Tensor,
    uncounted: Tensor,
    recorded: Tensor,
    failed: Tensor | None,
) -> Tensor:
    """[N, B, S] which cells are counted at the end of the day."""
    if records.plan is CountPlan.YEARLY:
        return uncounted >= records.yearly_days
    if records.plan is CountPlan.ABC:
        return uncounted >= _class_days(records, rate * parameters.sku.unit_value_usd)
    # Poisson sales at this rate would hardly ever stay away for so long.
    doubted = (quiet * rate >= records.suspicious_sales) & (recorded > LEAST_UNITS)
    return doubted if failed is None else doubted | failed


def _class_days(records: RecordParameters, turnover: Tensor) -> Tensor:
    """[N, B, S] days between counts by class: of a node's SKUs by turnover, how much of it is ahead of each."""
    best_first = turnover.sort(dim=-1, descending=True, stable=True)
    total = best_first.values.sum(dim=-1, keepdim=True).clamp(min=SMALLEST)
    ahead = (best_first.values.cumsum(dim=-1) - best_first.values) / total
    place = (ahead.unsqueeze(-1) >= ahead.new_tensor(records.class_shares)).sum(dim=-1)
    place = torch.where(best_first.values > 0, place, len(records.class_shares))
    days = turnover.new_tensor(records.class_days)[place]
    return torch.empty_like(days).scatter(-1, best_first.indices, days)
