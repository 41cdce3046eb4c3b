"""What the twin needs to know of equipment that wears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.equipment.arrays import EquipmentArrays
from entrepot.envs.twin.parameters.tensors import Kind, compiled


@dataclass(frozen=True)
class EquipmentParameters(Record):
    """Of each unit; an axis of 1 stands for environments. c classes, s stations: each node's dock, then its picking."""

    station: Annotated[Tensor, Axes("U")]  # integers, where a unit works
    scale_hours: Annotated[Tensor, Axes("U1")]
    shape: Annotated[Tensor, Axes("U1")]
    maintenance_hours: Annotated[Tensor, Axes("U1")]
    hours_per_day: Annotated[Tensor, Axes("U1")]
    least_use: Annotated[Tensor, Axes("U1")]
    limit_hours: Annotated[Tensor, Axes("U1")]
    signal_log_deviation: Annotated[Tensor, Axes("U1")]
    repair_usd: Annotated[Tensor, Axes("U", shared_by_skus=True)]
    maintenance_usd: Annotated[Tensor, Axes("U", shared_by_skus=True)]
    standstill_usd_per_hour: Annotated[Tensor, Axes("U", shared_by_skus=True)]
    of_node: Annotated[Tensor, Axes("NU")]  # 1 where the unit is the node's
    of_class: Annotated[Tensor, Axes("cU")]  # share of its class that a unit is, in its class's row
    classes_at: Annotated[Tensor, Axes("sk")]  # integers, the classes that serve a station; c where there is no more
    of_name: Annotated[Tensor, Axes("gU")]  # 1 where the unit's class, of whatever node, has the name
    names: tuple[str, ...]  # of g names of classes
    planned: bool  # whether any unit is ever maintained by the network's own policy
    signals: bool  # whether any wear is seen with an error

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self | None:
        """Of a network; None where nothing wears."""
        return None if network.equipment is None else cls.of_arrays(network.equipment, len(network.nodes), kind)

    @classmethod
    def of_arrays(cls, equipment: EquipmentArrays, nodes: int, kind: Kind) -> Self:
        """Of equipment at N nodes."""
        classes = len(equipment.classes)
        member = equipment.class_of == np.arange(classes)[:, None]
        named = [name.rsplit("/", 1)[-1] for name in equipment.classes]
        names = tuple(dict.fromkeys(named))
        station_of_class = equipment.station[member.argmax(axis=1)]
        serving = [np.flatnonzero(station_of_class == station) for station in range(2 * nodes)]
        most = max(len(found) for found in serving)
        return compiled(
            cls,
            equipment,
            kind,
            of_node=(equipment.node == np.arange(nodes)[:, None]).astype(np.float64),
            of_name=np.array([[named[at] == name for at in equipment.class_of] for name in names], np.float64),
            names=names,
            of_class=member / member.sum(axis=1, keepdims=True),
            classes_at=np.array([np.pad(found, (0, most - len(found)), constant_values=classes) for found in serving]),
            planned=bool(np.isfinite(equipment.limit_hours).any()),
            signals=bool((equipment.signal_log_deviation > 0).any()),
        )

    @property
    def units(self) -> int:
        """U."""
        return self.station.shape[0]

    @CachedTensorProperty
    def usd_at_node(self) -> Tensor:
        """[N, 3·U] USD at each node of a failure, a maintenance and an hour of standstill of each unit."""
        each = (self.repair_usd, self.maintenance_usd, self.standstill_usd_per_hour)
        return torch.cat([self.of_node * usd for usd in each], dim=1)
