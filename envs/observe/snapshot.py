"""What can be known at decision time, and the network's attributes beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.on_the_way import NearWindows
from entrepot.envs.observe.reading import Costly
from entrepot.envs.snapshot.attributes import attribute_arrays
from entrepot.envs.snapshot.equipment import unit_arrays
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, UNIT_NETWORK_FIELDS
from entrepot.envs.twin.sums import Sums

DEVIATION_YEARS = 8
T = TypeVar("T")


@dataclass(frozen=True)
class CarriedDemand:
    """The pairs of node and market along which demand reaches a node."""

    market: Tensor  # [P] integers
    share: Tensor  # [P, 1, S]
    by_node: Sums  # N of P


@dataclass(frozen=True)
class UnitAttributes(Record):
    """What a policy knows of units of equipment that wear; fields as in `UNIT_NETWORK_FIELDS`."""

    unit_node: Annotated[Tensor, Axes("U")]  # integers
    unit_scale_hours: Annotated[Tensor, Axes("U")]
    unit_shape: Annotated[Tensor, Axes("U")]
    unit_hours_per_day: Annotated[Tensor, Axes("U")]
    unit_best_age_hours: Annotated[Tensor, Axes("U")]
    unit_planned_share: Annotated[Tensor, Axes("U")]

    @classmethod
    def of(cls, network: NetworkArrays, *, dtype: torch.dtype, device: torch.device | str) -> Self | None:
        """Of a network; None where nothing wears."""
        if network.equipment is None:
            return None
        values = unit_arrays(network.equipment)
        return cls(
            **{
                name: torch.as_tensor(values[name], dtype=torch.int64 if field.integer else dtype, device=device)
                for name, field in UNIT_NETWORK_FIELDS.items()
            }
        )


@dataclass(frozen=True)
class NetworkAttributes:
    """What a policy knows of a network; fields as in `NETWORK_FIELDS`, and its equipment where that wears."""

    lane_origin: Tensor  # [L] integers
    lane_destination: Tensor  # [L] integers
    lane_faster: Tensor  # [L, J] integers
    lane_window_days: Tensor  # [L] integers
    lane_lead_days: Tensor  # [L]
    lane_lead_deviation_days: Tensor  # [L]
    lane_interval_days: Tensor  # [L]
    lane_landed_usd: Tensor  # [L, S]
    lane_shipment_usd: Tensor  # [L]
    lane_carries: Tensor  # [L, S]
    lane_primary: Tensor  # [L, S]
    lane_life_days: Tensor  # [L, S]
    base_cover_days: Tensor  # [L, S]
    direct_share: Tensor  # [N, M]
    echelon_share: Tensor  # [N, M, S]
    demand_mean: Tensor  # [M, S]
    demand_deviation: Tensor  # [M, S]
    margin_usd: Tensor  # [M, S]
    backlog_share: Tensor  # [M]
    capacity_m3: Tensor  # [N]
    value_usd: Tensor  # [S]
    volume_m3: Tensor  # [S]
    capital_share_per_day: Tensor  # []
    units: UnitAttributes | None = None

    @classmethod
    def from_arrays(
        cls,
        network: NetworkArrays,
        demand_mean: NDArray[np.float64],
        demand_deviation: NDArray[np.float64] | None = None,
        base_cover_days: NDArray[np.float64] | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Self:
        """Attributes of a network.

        Args:
            network: the network's arrays.
            demand_mean: [M, S] units a day in the long run.
            demand_deviation: [M, S] standard deviation of a day's demand; that of a Poisson if None.
            base_cover_days: [L, S] covers that a policy starts from; the textbook's if None.
            dtype: of everything that is not an index.
            device: where the tensors go.
        """
        values = attribute_arrays(network, demand_mean, demand_deviation, base_cover_days)
        return cls(
            **{
                name: torch.as_tensor(values[name], dtype=torch.int64 if field.integer else dtype, device=device)
                for name, field in NETWORK_FIELDS.items()
            },
            units=UnitAttributes.of(network, dtype=dtype, device=device),
        )

    @CachedTensorProperty
    def carried_demand(self) -> CarriedDemand:
        """Where `echelon_share` is not 0."""
        node, market = (self.echelon_share != 0).any(dim=2).nonzero(as_tuple=True)
        nodes = torch.arange(len(self.echelon_share), device=node.device)
        share = self.echelon_share[node, market].unsqueeze(1)
        return CarriedDemand(market, share, Sums.of(node == nodes[:, None], once=True))

    @CachedTensorProperty
    def next_faster(self) -> Tensor:
        """[L] integers, the slowest of the lanes that are faster to the same node; the lane itself where none is."""
        lanes = len(self.lane_faster)
        place = (self.lane_faster < lanes).sum(dim=1)  # among the lanes to its node
        same_node = self.lane_destination[:, None] == self.lane_destination
        ahead = same_node & (place[:, None] == place + 1)
        itself = torch.arange(lanes, device=place.device)
        return torch.where(ahead.any(dim=1), ahead.to(torch.int8).argmax(dim=1), itself)

    @CachedTensorProperty
    def faster_by_doubling(self) -> tuple[Tensor, ...]:
        """The faster lane 1, 2, 4 ... places ahead, until all faster lanes are within reach of that many."""
        steps: list[Tensor] = []
        while 2 ** len(steps) < self.lane_faster.shape[1]:
            steps.append(steps[-1][steps[-1]] if steps else self.next_faster)
        return tuple(steps)

    @CachedTensorProperty
    def has_faster(self) -> Tensor:
        """[L, 1, 1] 1 where there is a faster lane to the same node."""
        return (self.lane_faster[:, :1, None] < len(self.lane_faster)).to(self.demand_mean)

    @CachedTensorProperty
    def lane_cannot_carry(self) -> Tensor:
        """[L, 1, S] booleans."""
        return self.lane_carries.unsqueeze(1) <= 0.5

    @property
    def may_perish(self) -> bool:
        """Whether any goods do; where values can't be told, yes."""
        return not self.tells_values or self._perishes

    @cached_property
    def _perishes(self) -> bool:
        return bool((self.lane_life_days > 0).any())

    def near_windows(self, ring_days: int) -> NearWindows:
        """Of the lanes whose window is shorter than the ring of H days."""
        if ring_days not in self._near_windows:
            with torch.inference_mode(False):  # they serve training too
                self._near_windows[ring_days] = NearWindows.of(self.lane_window_days, self.lane_destination, ring_days)
        return self._near_windows[ring_days]

    @CachedTensorProperty
    def _near_windows(self) -> dict[int, NearWindows]:
        return {}

    @property
    def tells_values(self) -> bool:
        """Whether work may hang on values: not in an exported graph, nor on a device that has shapes only."""
        return not (torch.compiler.is_exporting() or self.demand_mean.is_meta)

    def once(self, work_out: Callable[[Self], T]) -> T:
        """What follows from the attributes alone, worked out once and kept; in an exported graph, as part of it.

        Args:
            work_out: a function of the attributes, the key to what is kept. No gradient passes through its result.
        """
        if torch.compiler.is_exporting():
            return work_out(self)
        if work_out not in self._kept:
            with torch.inference_mode(False), torch.no_grad():  # it serves training too
                self._kept[work_out] = work_out(self)
        result: T = self._kept[work_out]
        return result

    @CachedTensorProperty
    def _kept(self) -> dict[Callable[..., Any], Any]:
        return {}

    def for_skus(self, chosen: Tensor) -> Self:
        """The same network with some of its SKUs; space and shipments' prices shrunk with their share of volume."""
        share = self.volume_m3[chosen].sum() / self.volume_m3.sum()
        cut = {
            name: getattr(self, name)[..., chosen]
            for name, field in NETWORK_FIELDS.items()
            if field.axes[-1:] == ("S",)
        }
        shared = {name: getattr(self, name) * share for name in ("capacity_m3", "lane_shipment_usd")}
        return replace(self, **cut, **shared)

    def to(self, device: torch.device | str) -> Self:
        """The same attributes on another device."""
        there = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: value.to(device) for name, value in there.items() if value is not None})


def long_run_deviation(demand: DemandModel) -> NDArray[np.float64]:
    """[M, S] standard deviation of a day's demand, measured on a few years drawn from the training window."""
    rng = np.random.default_rng(0)
    first_day = demand.first_days(DEVIATION_YEARS, rng)
    deviation: NDArray[np.float64] = demand.sample(first_day, 364, Split.TRAIN, rng).std(axis=(0, 1), dtype=np.float64)
    return deviation


@dataclass(frozen=True)
class Snapshot(Record):
    """Known at the start of a day, in physical units; made by an observation model (`entrepot.envs.observe.model`).

    Fields are those of `SNAPSHOT_FIELDS` and, where equipment wears, of `UNIT_SNAPSHOT_FIELDS`, except that the
    pipeline stands here as the sums that policies read, `in_transit`, `due` and `arriving`. A batch axis is 1 where all
    environments see the same.
    """

    on_hand: Annotated[Tensor, Axes("BNS", unit="units")]
    dock: Annotated[Tensor, Axes("BNS", unit="units")]
    in_transit: Annotated[Tensor, Axes("BNS", unit="units")]
    due: Annotated[Tensor, Axes("BLS", unit="units")]  # on the way to the lane's destination, due within its window
    backlog: Annotated[Tensor, Axes("BMS", unit="units")]
    demand_fast: Annotated[Tensor, Axes("BMS", unit="units a day")]
    demand_slow: Annotated[Tensor, Axes("BMS", unit="units a day")]
    demand_quarter: Annotated[Tensor, Axes("BMS", unit="units a day")]
    demand_square: Annotated[Tensor, Axes("BMS", unit="units² a day")]
    season_ahead: Annotated[Tensor, Axes("BE", unit="ratio")]
    day_of_year: Annotated[Tensor, Axes("B")]  # integers
    weekday: Annotated[Tensor, Axes("B")]  # integers
    lane_wait_days: Annotated[Tensor, Axes("BL", unit="days")]
    lane_open: Annotated[Tensor, Axes("BL", unit="share")]
    equipment: Annotated[Tensor, Axes("BN", unit="share")]
    storage_price: Annotated[Tensor, Axes("BN", unit="USD/m³/day")]
    arriving_or_none: Annotated[Tensor | None, Axes("BNSD", unit="units")] = None
    pipeline_or_none: Annotated[Tensor | None, Axes("BNSH", unit="units")] = None
    weeks_or_none: Annotated[Tensor | None, Axes("wBMS", unit="units a day")] = None  # no part of the seam
    unit_age_hours: Annotated[Tensor | None, Axes("BU", unit="hours")] = None  # these two where equipment wears
    unit_down_hours: Annotated[Tensor | None, Axes("BU", unit="hours")] = None
    # Where a disruption may befall lanes, what is known of it: for planners and rules, no part of the seam.
    lane_extra_days: Annotated[Tensor | None, Axes("BL", unit="days")] = None  # on the way, of what departs today
    lane_shuts_in_days: Annotated[Tensor | None, Axes("BL", unit="days")] = None  # 0: it is shut; 366: not known of
    lane_reopens_in_days: Annotated[Tensor | None, Axes("BL", unit="days")] = None  # after that; 366: not known

    @property
    def arriving(self) -> Tensor:
        """[B, N, S, D] on the way to the node, due within each of `ARRIVING_DAYS`; 0 is today.

        Raises:
            ValueError: whoever asks has not said so before: see `Policy.reads`.
        """
        return _made(self.arriving_or_none, Costly.ARRIVING)

    @property
    def pipeline(self) -> Tensor:
        """[B, N, S, H] units by days to arrival, as `SNAPSHOT_FIELDS` has it.

        Raises:
            ValueError: whoever asks has not said so before: see `Policy.reads`.
        """
        return _made(self.pipeline_or_none, Costly.PIPELINE)

    @property
    def weeks(self) -> Tensor:
        """[w, B, M, S] units a day asked for in each of the last 13 times 7 days, the latest last.

        Raises:
            ValueError: whoever asks has not said so before: see `Policy.reads`.
        """
        return _made(self.weeks_or_none, Costly.WEEKS)


def _made(part: Tensor | None, name: Costly) -> Tensor:
    if part is None:
        raise ValueError(
            f"snapshot.{name}: not made, for it is costly and the decider does not say that it reads it; "
            f"needed: {name!s} among its `reads`"
        )
    return part
