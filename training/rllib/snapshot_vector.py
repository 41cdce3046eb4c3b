"""A snapshot as one flat vector, which is how it travels in episodes."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Self

import torch
from torch import Tensor

from entrepot.envs.demand import Split
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World

READS = frozenset({Costly.ARRIVING})
"""The costly parts of a snapshot that are laid out with the others."""


@dataclass(frozen=True)
class SnapshotLayout:
    """Names, shapes and types of a snapshot's tensors, in the order in which they stand in the vector."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]  # without the batch axis
    dtypes: tuple[torch.dtype, ...]

    @classmethod
    def of(cls, world: World) -> Self:
        """The layout of a network, read off an opening snapshot."""
        scenario = draw_scenario(world.network, world.demand, episodes=1, days=1, split=Split.TRAIN, seed=0)
        simulation = world.simulation()
        example = simulation.observe(stocked(simulation, episodes=1), scenario.at(0), READS)
        tensors = {field.name: getattr(example, field.name) for field in fields(Snapshot)}
        tensors = {name: value for name, value in tensors.items() if isinstance(value, Tensor)}
        return cls(
            tuple(tensors),
            tuple(tuple(value.shape[1:]) for value in tensors.values()),
            tuple(value.dtype for value in tensors.values()),
        )

    @property
    def size(self) -> int:
        """Numbers in the vector of one environment."""
        return sum(math.prod(shape) for shape in self.shapes)

    def pack(self, snapshot: Snapshot, episodes: int) -> Tensor:
        """[B, size] float32; integers in it are exact up to 2²⁴.

        Args:
            snapshot: of B environments; what is the same in all may have a batch axis of 1.
            episodes: B.
        """
        values = [getattr(snapshot, name) for name in self.names]
        return torch.cat(
            [value.reshape(len(value), -1).expand(episodes, -1).to(torch.float32) for value in values], dim=1
        )

    def unpack(self, vector: Tensor) -> Snapshot:
        """The snapshot of B environments."""
        parts = vector.split_with_sizes([math.prod(shape) for shape in self.shapes], dim=1)
        values: dict[str, Any] = {
            name: part.reshape(len(vector), *shape).to(dtype)
            for name, part, shape, dtype in zip(self.names, parts, self.shapes, self.dtypes, strict=True)
        }
        return Snapshot(**values)
