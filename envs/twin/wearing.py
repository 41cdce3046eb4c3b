"""Equipment runs, wears, fails, is mended and maintained.

It follows the day's work: a unit worked as much as its dock or its pickers did of what they could, and no less than its
`least_use`. What then stands still
is missing the next day. Time within a day is counted in the hours of its shift; a unit that is mended within its shift
goes on working, and may fail once more (a third failure within a shift is left out). A repair or a maintenance makes a
unit as good as new.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.few import compared, places
from entrepot.envs.twin.parameters.equipment import EquipmentParameters
from entrepot.envs.twin.scenario import Day

NEW_HOURS = 1e-3
"""A younger unit's hazard is taken at this age, where its slope is finite for any shape."""
GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, without their whole part, lie evenly however many there are."""
IDLE = 1e-6
"""Use below this is none."""


@dataclass(frozen=True)
class EquipmentState(Record):
    """The equipment of B networks at the start of a day, and its records."""

    age_hours: Annotated[Tensor, Axes("BU", memory="UB")]  # of work since new, mended or maintained
    down_hours: Annotated[Tensor, Axes("BU", memory="UB")]  # of the shifts to come, until it is mended
    share: Annotated[Tensor, Axes("Bs", memory="sB")]  # of each station's throughput that works today: docks, picking
    worked_hours: Annotated[Tensor, Axes("BU", memory="UB")]  # since the beginning, as all that follows
    standstill_hours: Annotated[Tensor, Axes("BU", memory="UB")]
    failures: Annotated[Tensor, Axes("BU", memory="UB")]
    maintenances: Annotated[Tensor, Axes("BU", memory="UB")]

    @classmethod
    def new(cls, parameters: EquipmentParameters, *, episodes: int) -> Self:
        """All as new, nothing down."""
        like = parameters.scale_hours
        none = torch.zeros((len(like), episodes), dtype=like.dtype, device=like.device).t()
        stations = len(parameters.classes_at)
        works = torch.ones((stations, episodes), dtype=like.dtype, device=like.device).t()
        return cls(none, none, works, none, none, none, none)

    @classmethod
    def in_use(cls, parameters: EquipmentParameters, *, episodes: int) -> Self:
        """A fleet that was bought bit by bit: ages spread evenly up to a life's scale, or to where it is maintained.

        The same in every episode; an assumption, by which failures don't wait until a whole fleet has aged.
        """
        new, like = cls.new(parameters, episodes=episodes), parameters.scale_hours
        spread = (torch.arange(1, len(like) + 1, dtype=like.dtype, device=like.device) * GOLDEN) % 1.0
        age = spread[:, None] * torch.minimum(like, parameters.limit_hours)
        return replace(new, age_hours=age.expand(-1, episodes).contiguous().t())

    @property
    def dock_share(self) -> Tensor:
        """[N, B] of the docks' throughput that works today."""
        return self.share.t()[: self.share.shape[1] // 2]

    @property
    def picking_share(self) -> Tensor:
        """[N, B] the same of picking."""
        return self.share.t()[self.share.shape[1] // 2 :]


@dataclass(frozen=True)
class EquipmentFlows(Record):
    """What equipment did on one day."""

    worked_hours: Annotated[Tensor, Axes("BU")]
    standstill_hours: Annotated[Tensor, Axes("BU")]  # of the shift, planned or not
    failures: Annotated[Tensor, Axes("BU")]
    maintenances: Annotated[Tensor, Axes("BU")]


class Run(NamedTuple):
    """A day of equipment."""

    state: EquipmentState
    flows: EquipmentFlows
    usd: Tensor  # [N, B] of repairs, maintenance and standstill


def run(
    parameters: EquipmentParameters, state: EquipmentState, day: Day, use: Tensor, maintenance: Tensor | None = None
) -> Run:
    """Let equipment work through a day.

    Args:
        parameters: of the equipment.
        state: at the start of the day.
        day: of a scenario that was drawn for the same network.
        use: [s, B] of each station, what was done today of what could be, from 0 to 1.
        maintenance: [B, U] from 0.5 up: maintain before the shift, unless the unit is being mended; by the network's
            own policy if None.
    """
    threshold, second_life, signal = day.equipment_threshold, day.equipment_second_life, day.equipment_signal
    repair = day.equipment_repair_hours
    assert threshold is not None
    assert second_life is not None
    assert signal is not None
    assert repair is not None
    age, down = state.age_hours.t(), state.down_hours.t()
    due = _due(parameters, age, down, signal.t(), maintenance)
    if due is not None:
        age = torch.where(due, 0.0, age)
        down = torch.where(due, parameters.maintenance_hours, down)
    shift = parameters.hours_per_day
    at_work = (shift - down).clamp(min=0.0)
    # Hours of work in an hour of the shift.
    rate = torch.lerp(parameters.least_use, torch.ones_like(use[:1]), use.index_select(0, parameters.station))
    worked = rate * at_work
    hazard = _hazard(parameters, age)
    new_age, up, failures = age + worked, at_work, torch.zeros_like(age)
    gathered = _hazard(parameters, new_age) - hazard
    down = (down - shift).clamp(min=0.0)
    # Few of them fail: what then happens is worked out for those alone.
    rows = places((compared(gathered) >= compared(threshold.t())) & (compared(worked) > IDLE))
    if rows.numel():
        units = rows // age.shape[1]

        def of(values: Tensor) -> Tensor:
            return values.expand(age.shape).reshape(-1)[rows]

        after = _failed(
            scale=parameters.scale_hours[units, 0],
            shape=parameters.shape[units, 0],
            age=of(age),
            hazard=of(hazard) + of(threshold.t()),
            shift=of(at_work),
            rate=of(rate).clamp(min=IDLE),
            worked=of(worked),
            second_life=of(second_life.t()),
            repair=of(repair[:, 0].t()),
            second_repair=of(repair[:, 1].t()),
        )

        def put(values: Tensor, changed: Tensor) -> Tensor:
            return values.reshape(-1).index_copy(0, rows, changed).view(age.shape)

        new_age, down, up = put(new_age, after.age), put(down, after.down), put(up, after.up)
        worked, failures = put(worked, after.worked), put(failures, after.failures)
    still = (shift - up).clamp(min=0.0)  # the last bit of a share could otherwise leave less than nothing
    maintenances = torch.zeros_like(age) if due is None else due.to(age)
    flows = EquipmentFlows(worked.t(), still.t(), failures.t(), maintenances.t())
    then = EquipmentState(
        age_hours=new_age.t(),
        down_hours=down.t(),
        share=_share(parameters, up / shift).t(),
        worked_hours=state.worked_hours + flows.worked_hours,
        standstill_hours=state.standstill_hours + flows.standstill_hours,
        failures=state.failures + flows.failures,
        maintenances=state.maintenances + flows.maintenances,
    )
    return Run(then, flows, parameters.usd_at_node @ torch.cat([failures, maintenances, still]))


def _due(
    parameters: EquipmentParameters, age: Tensor, down: Tensor, signal: Tensor, maintenance: Tensor | None
) -> Tensor | None:
    """[U, B] which units are maintained before their shift; None if none ever is."""
    if maintenance is not None:
        return (maintenance.t() >= 0.5) & (down <= 0)
    if not parameters.planned:
        return None
    seen = age * torch.exp(parameters.signal_log_deviation * signal) if parameters.signals else age
    return (seen >= parameters.limit_hours) & (down <= 0)


def _hazard(parameters: EquipmentParameters, age: Tensor) -> Tensor:
    """[U, B] gathered by an age: (t/scale)^shape."""
    return (age.clamp(min=NEW_HOURS) / parameters.scale_hours) ** parameters.shape


class _After(NamedTuple):
    """Of units that failed today, [F] each."""

    age: Tensor
    down: Tensor
    up: Tensor
    worked: Tensor
    failures: Tensor


def _failed(
    *,
    scale: Tensor,
    shape: Tensor,
    age: Tensor,
    hazard: Tensor,
    shift: Tensor,
    rate: Tensor,
    worked: Tensor,
    second_life: Tensor,
    repair: Tensor,
    second_repair: Tensor,
) -> _After:
    """[F] units that fail where their hazard is `hazard`, within the shift's hours that they are there for."""
    first = torch.minimum((scale * hazard ** (1 / shape) - age).clamp(min=0.0), worked)
    rest = shift - first / rate - repair  # hours of the shift after mending
    again = rest > 0
    could = rate * rest.clamp(min=0.0)
    fails = again & (second_life <= could)
    second = torch.where(fails, second_life, could)
    second_down = (second_repair - (rest - second_life / rate)).clamp(min=0.0)
    return _After(
        age=torch.where(again & ~fails, second, 0.0),
        down=torch.where(again, torch.where(fails, second_down, 0.0), -rest),
        up=first / rate + second / rate,
        worked=first + second,
        failures=1 + fails.to(age),
    )


def _share(parameters: EquipmentParameters, up: Tensor) -> Tensor:
    """[s, B] of each station: that of the class with the fewest units at work among those that serve it."""
    by_class = parameters.of_class @ up
    always = torch.ones_like(by_class[:1])
    serving = torch.cat([by_class, always]).index_select(0, parameters.classes_at.flatten())
    return serving.view(*parameters.classes_at.shape, -1).amin(dim=1)
