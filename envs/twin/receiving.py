"""Arrivals join the dock queue, and what docks and space allow goes from there to the shelves."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from entrepot.envs.twin import ring
from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.rationing import within_capacity
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State


class Received(NamedTuple):
    """What came in, and where goods are then."""

    pipeline: Tensor  # [N, H, B, S] units that are still on their way
    arrived: Tensor  # [N, B, S] units
    unloaded: Tensor  # [N, B, S] units
    on_hand: Tensor  # [N, B, S] units
    left_on_dock: Tensor | None  # [N, B, S] units; None where nothing is left


def receive(parameters: TwinParameters, state: State, day: Day, *, whole_units: bool, overwrite: bool) -> Received:
    """Take today's arrivals out of the pipeline and unload the dock queue.

    Args:
        parameters: of the network.
        state: at the start of the day.
        day: of the scenario.
        whole_units: whether to keep whole units.
        overwrite: whether the pipeline's memory may be taken over.
    """
    pipeline, arrived = ring.take_out(state.pipeline, state.day % parameters.pipeline_days, overwrite=overwrite)
    on_hand, dock = entity_first(state.on_hand), entity_first(state.dock) + arrived
    if not (parameters.node.docks_bind or day.equipment_impaired or state.equipment):
        return Received(pipeline, arrived, dock, on_hand + dock, None)
    space = parameters.node.capacity_m3 - on_hand @ parameters.sku.volume_m3
    limit = torch.minimum(dock_m3(parameters, state, day), space).clamp_(min=0.0)
    unloaded = within_capacity(dock, parameters.sku.volume_m3, limit, whole_units=whole_units)
    left = None if unloaded is dock else dock - unloaded
    return Received(pipeline, arrived, unloaded, on_hand + unloaded, left)


def dock_m3(parameters: TwinParameters, state: State, day: Day) -> Tensor:
    """[N, B] or [N, 1] m³ that docks can unload today."""
    usual = day.at_work(parameters.node.dock_m3_per_day)
    return usual if state.equipment is None else usual * state.equipment.dock_share
