"""A network and its demand, compiled: the one place where both become arrays and tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import DemandModel, load_demand
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.network.disruption import DisruptionDescription, load_disruption
from entrepot.envs.network.feasibility import NetworkWarning, warnings_of
from entrepot.envs.observe.model import ERRONEOUS, EXACT, observation_model_named
from entrepot.envs.observe.snapshot import NetworkAttributes, long_run_deviation
from entrepot.envs.simulation import Simulation
from entrepot.envs.twin import TwinParameters


@dataclass(frozen=True)
class World:
    """A network, its demand, both as tensors, and how it is observed."""

    description: NetworkDescription
    network: NetworkArrays
    demand: DemandModel
    parameters: TwinParameters
    attributes: NetworkAttributes
    observation: str = EXACT  # the observation model by name

    def __post_init__(self) -> None:
        """Refuse an observation model that there isn't, or that doesn't fit the network."""
        observation_model_named(self.observation)(self.parameters, self.attributes)

    @classmethod
    def of(
        cls,
        description: NetworkDescription,
        demand: DemandModel,
        *,
        observation: str = EXACT,
        disruption: DisruptionDescription | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Self:
        """Compile a network and a model of demand that was made for it.

        Args:
            description: the network.
            demand: what its markets ask for.
            observation: the observation model by name.
            disruption: what befalls the network.
            dtype: of everything that is not an index.
            device: where tensors go.

        Raises:
            ConfigurationError: the demand is another network's, there is no such observation model, or the network has
                nothing of what an event strikes.
        """
        network = NetworkArrays.from_description(description)
        shape, needed = demand.mean_units_per_day.shape, (len(network.markets), len(network.skus))
        if shape != needed:
            raise ConfigurationError(
                f"demand: made for {shape[0]} markets and {shape[1]} SKUs; the network has {needed}"
            )
        # What policies know of the network is the same whatever befalls it.
        befallen = network if disruption is None else network.befallen_by(disruption, description)
        return cls(
            description=description,
            network=befallen,
            demand=demand,
            parameters=TwinParameters.from_arrays(befallen, dtype=dtype, device=device),
            attributes=NetworkAttributes.from_arrays(
                network, demand.mean_units_per_day, long_run_deviation(demand), dtype=dtype, device=device
            ),
            observation=observation,
        )

    def warnings(self, *, days: int | None = None) -> list[NetworkWarning]:
        """What about the network and its demand is hardly ever meant, such as SKUs that no lane brings.

        Args:
            days: of an episode or an evaluation, to set beside the lead times.
        """
        units_per_day = np.asarray(self.demand.mean_units_per_day)
        return warnings_of(self.description, self.network, units_per_day=units_per_day, days=days)

    @property
    def knowledge_lines(self) -> list[str]:
        """How the world is observed if not exactly, and of its records if they can be wrong; for people."""
        lines = [] if self.observation == EXACT else [f"observation: {self.observation}"]
        records = self.network.records
        if records is not None and records.kept:
            told = "what is recorded decides" if self.observation == ERRONEOUS else "policies know the stock"
            lines.append(f"records: can be wrong; counts: {records.described.counts}; {told}")
        return lines

    @property
    def disruption_lines(self) -> list[str]:
        """What befalls the network, and what of it has no effect here or another than it says; for people."""
        befalls = self.network.disruption
        if befalls is None:
            return []
        described = befalls.described
        told = f"disruption: {described.name}: {described.title or ', '.join(described.events)}"
        return [told, *(f"  {line}" for line in befalls.remarks)]

    def simulation(self, *, whole_units: bool = True) -> Simulation:
        """Its day loop.

        Args:
            whole_units: as in the twin's `step`.
        """
        return Simulation.of(self.parameters, self.attributes, observation=self.observation, whole_units=whole_units)

    def starting_from(self, cover: Tensor) -> Self:
        """The same world, where policies start from other covers [L, S] than the textbook's."""
        attributes = replace(self.attributes, base_cover_days=cover.to(self.attributes.base_cover_days))
        return replace(self, attributes=attributes)


def build_world(
    network: str | NetworkDescription | World = "kreen",
    demand: str | DemandSettings | DemandModel | None = None,
    *,
    skus: int | None = None,
    observation: str | None = None,
    disruption: str | DisruptionDescription | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> World:
    """Load a network and its demand, and compile them.

    Args:
        network: a shipped name, the path of a YAML file, or a description; a world is taken as it is, but
            for how it is observed where that is named.
        demand: a shipped name, the path of a YAML file, settings, or a model made for the same network; the
            network's own if None, or the calibrated generator where it names none.
        skus: how many of the network's catalogue; the network's own number if None. Only with a name or path.
        observation: how the world is observed, by name: `exact`, or `as_live`; `exact` if None.
        disruption: what befalls the network: a shipped name, the path of a YAML file, or a description.
        dtype: of everything that is not an index.
        device: where tensors go.

    Raises:
        ConfigurationError: what can't be used and why.
    """
    if skus is not None and not isinstance(network, str):
        raise ConfigurationError(f"skus: {skus!r}; allowed only where the network is a name or a path")
    if isinstance(network, World):
        if demand is not None:
            raise ConfigurationError("demand: allowed only where the network is not a world, which has its own")
        if disruption is not None:
            raise ConfigurationError("disruption: allowed only where the network is not a world, which has its own")
        return network if observation is None else replace(network, observation=observation)
    description = load_network(network, skus=skus) if isinstance(network, str) else network
    if demand is None or isinstance(demand, str):
        demand = DemandSettings(name=demand)
    if isinstance(demand, DemandSettings):
        if demand.name is None and demand.path is None and description.demand is not None:
            demand = demand.model_copy(update={"name": description.demand})
        content, source = demand.content()
        demand = load_demand(content, NetworkArrays.from_description(description), source=source)
    if isinstance(disruption, str):
        disruption = load_disruption(disruption)
    return World.of(
        description, demand, observation=observation or EXACT, disruption=disruption, dtype=dtype, device=device
    )
