"""A network's equipment as arrays: U units, in the order of nodes and classes in the YAML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.network.equipment.description import EquipmentClass, MaintenancePolicy, Serves
from entrepot.envs.network.equipment.weibull import WeibullLife

if TYPE_CHECKING:
    from entrepot.envs.network.description import NetworkDescription


@dataclass(frozen=True)
class EquipmentArrays(Record):
    """Of each unit; c classes, each of one node. A node has two stations: its dock, and its picking."""

    units: tuple[str, ...]  # node/class/number
    classes: tuple[str, ...]  # node/class
    node: Annotated[Integers, Axes("U")]
    station: Annotated[Integers, Axes("U")]  # the node's dock, or N + the node for its picking
    class_of: Annotated[Integers, Axes("U")]
    scale_hours: Annotated[Floats, Axes("U")]  # of the Weibull life
    shape: Annotated[Floats, Axes("U")]
    repair_hours: Annotated[Floats, Axes("U")]  # mean
    repair_log_deviation: Annotated[Floats, Axes("U")]
    maintenance_hours: Annotated[Floats, Axes("U")]
    hours_per_day: Annotated[Floats, Axes("U")]
    least_use: Annotated[Floats, Axes("U")]
    repair_usd: Annotated[Floats, Axes("U")]
    maintenance_usd: Annotated[Floats, Axes("U")]
    standstill_usd_per_hour: Annotated[Floats, Axes("U")]
    limit_hours: Annotated[Floats, Axes("U")]  # of wear as it is seen, at which maintenance is due; may be infinite
    signal_log_deviation: Annotated[Floats, Axes("U")]  # of wear as it is seen

    @classmethod
    def of(cls, network: NetworkDescription) -> EquipmentArrays | None:
        """Of a network; None where nothing wears."""
        if network.inside is None or not network.inside.wear:
            return None
        fleets = [
            (at, f"{node}/{name}", fleet)
            for at, node in enumerate(network.nodes)
            if node in network.inside.warehouses
            for name, fleet in network.inside.warehouses[node].equipment.items()
        ]
        return cls.of_fleets(fleets, nodes=len(network.nodes)) if fleets else None

    @classmethod
    def of_fleets(cls, fleets: Sequence[tuple[int, str, EquipmentClass]], *, nodes: int) -> EquipmentArrays:
        """Of classes, each with its node's index and its name.

        Args:
            fleets: at least one.
            nodes: N.
        """
        number = np.array([fleet.units for _, _, fleet in fleets])

        def each(values: list[float]) -> Floats:
            return np.repeat(np.array(values, dtype=np.float64), number)

        keys = ("repair_hours", "repair_log_deviation", "maintenance_hours", "hours_per_day", "least_use", "shape")
        usd = ("repair_usd", "maintenance_usd", "standstill_usd_per_hour")
        picking = [fleet.serves is Serves.PICKING for _, _, fleet in fleets]
        at_node = np.array([at for at, _, _ in fleets])
        return cls(
            units=tuple(f"{name}/{unit + 1}" for _, name, fleet in fleets for unit in range(fleet.units)),
            classes=tuple(name for _, name, _ in fleets),
            node=np.repeat(at_node, number),
            station=np.repeat(at_node + nodes * np.array(picking), number),
            class_of=np.repeat(np.arange(len(fleets)), number),
            scale_hours=each([life_of(fleet).scale_hours for _, _, fleet in fleets]),
            limit_hours=each([limit_hours(fleet) for _, _, fleet in fleets]),
            signal_log_deviation=each([_deviation(fleet) for _, _, fleet in fleets]),
            **{key: each([getattr(fleet, key) for _, _, fleet in fleets]) for key in (*keys, *usd)},
        )

    def best_age_hours(self) -> Floats:
        """[U] hours of work at which planned maintenance of each costs least, as `best_age` has it of a class."""
        planned, failure = replacement_usd(self)
        first = np.unique(self.class_of, return_index=True)[1]  # units of a class are alike
        ages = [
            WeibullLife.of_scale(self.scale_hours[unit], self.shape[unit]).optimal_age(
                planned=planned[unit], failure=failure[unit]
            )
            for unit in first
        ]
        return np.array(ages)[self.class_of]


def life_of(fleet: EquipmentClass) -> WeibullLife:
    """The life of a class's units."""
    return WeibullLife(fleet.mtbf_hours, fleet.shape)


def best_age(fleet: EquipmentClass) -> float:
    """Hours of work at which planned maintenance costs least in the long run, standstill included; may be infinite."""
    planned, failure = replacement_usd(fleet)
    return life_of(fleet).optimal_age(planned=planned, failure=failure)


def replacement_usd(equipment: EquipmentClass | EquipmentArrays) -> tuple[Any, Any]:
    """What maintenance costs planned and at failure, standstill included: of a class, or [U] of units."""
    still = equipment.standstill_usd_per_hour
    return (
        equipment.maintenance_usd + equipment.maintenance_hours * still,
        equipment.repair_usd + equipment.repair_hours * still,
    )


def limit_hours(fleet: EquipmentClass) -> float:
    """Wear in hours at which the class's policy has its units maintained; infinite where it never has."""
    if fleet.maintenance is MaintenancePolicy.RUN_TO_FAILURE:
        return np.inf
    if fleet.maintenance is MaintenancePolicy.OPTIMAL_AGE:
        return best_age(fleet)
    return fleet.maintenance_age_hours or best_age(fleet)


def _deviation(fleet: EquipmentClass) -> float:
    return fleet.signal_log_deviation if fleet.maintenance is MaintenancePolicy.CONDITION_BASED else 0.0
