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
from entrepot.envs.twin.counting import LEAST_UNITS, RATE_DAYS, due_by_calendar, suspicious
from entrepot.envs.twin.few import Few, compared, places
from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.parameters.records import RecordParameters
from entrepot.envs.twin.scenario import Day

if TYPE_CHECKING:  # they need the state, of which this is a part
    from entrepot.envs.twin.receiving import Received
    from entrepot.envs.twin.serving import Served


@dataclass(frozen=True)
class RecordState(Record):
    """What is recorded of B networks at the start of a day, and what is known for counts."""

    recorded: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units
    misplaced: Annotated[Tensor, Axes("BNS", memory="NBS")]  # units of the stock that can't be found
    # What the plan of counts asks for; None where it doesn't.
    sales_rate: Annotated[Tensor | None, Axes("BNS", memory="NBS")]  # units a day that the node sold
    quiet_days: Annotated[Tensor | None, Axes("BNS", memory="NBS")]  # without a sale, since the last count
    uncounted_days: Annotated[Tensor | None, Axes("BNS", memory="NBS")]

    @classmethod
    def opening(cls, parameters: RecordParameters, on_hand: Tensor) -> Self:
        """All is as recorded; the last counts lie apart.

        Args:
            parameters: of records.
            on_hand: [B, N, S] units.
        """
        plan, none, ago = parameters.plan, torch.zeros_like(on_hand), None
        if plan in (CountPlan.YEARLY, CountPlan.ABC):
            longest = parameters.class_days[-1] if plan is CountPlan.ABC else parameters.yearly_days
            days = torch.floor(parameters.opening_share * longest)
            ago = days.expand_as(entity_first(on_hand)).contiguous().transpose(0, 1)
        rate = none if plan in (CountPlan.ABC, CountPlan.SUSPICION) else None
        return cls(on_hand.clone(), none, rate, none if plan is CountPlan.SUSPICION else None, ago)

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
    shrunk: Few | None  # of a few; None where none ever are
    astray: Few | None  # misplaced today; the same


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
    misplaced, unloaded = entity_first(state.misplaced), received.unloaded
    findable = (received.on_hand - misplaced).clamp_(min=0.0)
    astray = shrunk = None
    if parameters.misplaces:
        # What was unloaded may have expired at once, and can't go astray any more.
        astray = _errors(unloaded, parameters.misplaced_share, placing).at_most(findable)
        findable, misplaced = astray.take_from(findable), astray.add_to(misplaced.clone())
    if parameters.shrinks:
        shrunk = _errors(findable, parameters.shrinkage_share_per_day, shrinkage)
        findable = shrunk.take_from(findable)
    recorded = entity_first(state.recorded) + unloaded
    return Shelves(torch.minimum(findable, recorded), findable, misplaced, recorded, shrunk, astray)


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
    left, recorded, misplaced = shelves.findable - taken, shelves.recorded - taken, shelves.misplaced
    kept = gone = None
    if records.mispicks:
        kept, gone = _mispicked(_errors(sold, records.mispick_share, _dice(day)[2]), left)
        left = kept.add_to(gone.take_from(left))
    stock = left + misplaced
    rate, quiet, uncounted = _since_counts(state, sold.detach())
    counted = corrected = None
    if records.plan is not CountPlan.NONE:
        if rate is not None and quiet is not None:
            cells = suspicious(parameters, served, recorded, wanted, rate=rate, quiet=quiet)
        else:
            assert uncounted is not None
            cells = due_by_calendar(parameters, uncounted, rate)
        found = Few.of(cells, stock)
        corrected = Few(cells, (Few.of(cells, recorded).units - found.units).abs())
        counted = Few(cells, torch.ones_like(found.units))
        nothing = Few(cells, torch.zeros_like(found.units))
        # The state's own stays as it is.
        misplaced = misplaced if records.misplaces else misplaced.clone()
        recorded, misplaced = found.put_into(recorded), nothing.put_into(misplaced)
        quiet = quiet if quiet is None else nothing.put_into(quiet)
        uncounted = uncounted if uncounted is None else nothing.put_into(uncounted)
    shrunk, ones = _dense(shelves.shrunk, left), _dense(counted, left)
    usd = ones.sum(dim=-1) * records.count_usd
    return RecordsDay(
        on_hand=stock,
        state=RecordState(
            recorded=recorded.transpose(0, 1),
            misplaced=misplaced.transpose(0, 1),
            sales_rate=_episodes_first(rate),
            quiet_days=_episodes_first(quiet),
            uncounted_days=_episodes_first(uncounted),
        ),
        flows=RecordFlows(
            shrunk=shrunk.transpose(0, 1),
            misplaced=_dense(shelves.astray, left).transpose(0, 1),
            kept_by_mispicks=_dense(kept, left).transpose(0, 1),
            lost_by_mispicks=_dense(gone, left).transpose(0, 1),
            counted=ones.transpose(0, 1),
            corrected=_dense(corrected, left).transpose(0, 1),
            counting_usd=usd.t(),
        ),
        shrunk=shrunk,
        usd=usd,
    )


def _dice(day: Day) -> tuple[Tensor, Tensor, Tensor]:
    """[N, B, S] in [0, 1) each: of shrinkage, of places, of picks."""
    assert day.record_dice is not None
    shrinkage, placing, picking = day.record_dice.unbind(1)
    return entity_first(shrinkage), entity_first(placing), entity_first(picking)


def _errors(units: Tensor, share: Tensor, dice: Tensor) -> Few:
    """Whole units, no more than there are: a share of them, rounded up or down by the dice."""
    chance = (units.detach() * share).add_(dice)
    cells = places(compared(chance) >= 1.0)
    return Few(cells, Few.of(cells, chance).units.floor_()).at_most(units)


def _mispicked(instead: Few, left: Tensor) -> tuple[Few, Few]:
    """What stays on the shelf though it was booked out, and what of the SKU that is listed next left in its place."""
    skus = left.shape[-1]
    last = instead.cells % skus == skus - 1
    gone = Few(instead.cells + 1 - skus * last.to(instead.cells), instead.units).at_most(left)
    return Few(instead.cells, gone.units), gone


def _since_counts(state: RecordState, sold: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Rate of sales, quiet and uncounted days, [N, B, S] each, after a day that sold so much; None where not kept."""
    rate = quiet = uncounted = None
    if state.sales_rate is not None:
        rate = torch.lerp(entity_first(state.sales_rate), sold, 1 / RATE_DAYS)
    if state.quiet_days is not None:
        still = torch.le(sold, LEAST_UNITS, out=torch.empty_like(sold))  # 1 or 0: quicker than a boolean's choice
        quiet = torch.addcmul(still, entity_first(state.quiet_days), still)
    if state.uncounted_days is not None:
        uncounted = entity_first(state.uncounted_days) + 1
    return rate, quiet, uncounted


def _episodes_first(values: Tensor | None) -> Tensor | None:
    return None if values is None else values.transpose(0, 1)


def _dense(few: Few | None, like: Tensor) -> Tensor:
    """[N, B, S] of a few cells; nothing everywhere where nothing ever is."""
    return like.new_zeros(()).expand_as(like) if few is None else few.alone(like)
