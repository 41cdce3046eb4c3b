"""The one environment that the PettingZoo and Gymnasium views look into."""

from __future__ import annotations

from typing import Any

from entrepot.envs.demand import DemandModel
from entrepot.envs.interfaces.arguments import days_of
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.interfaces.single_threaded import single_threaded
from entrepot.envs.network import NetworkDescription
from entrepot.envs.rendering.modes import check_render_mode
from entrepot.envs.world import World, build_world


def one_environment(
    network: str | NetworkDescription | World,
    demand: str | DemandModel | None,
    *,
    skus: int | None,
    observation: str | None,
    disruption: str | None,
    episode_days: int | None,
    max_cycles: int | None,
    render_mode: str | None,
    **settings: Any,
) -> BatchedWarehouseNetwork:
    """Compile the network; a view's arguments mean here what `WarehouseNetwork` says of them.

    Args:
        network: as there.
        demand: as there.
        skus: as there.
        observation: as there.
        disruption: as there.
        episode_days: as there.
        max_cycles: as there.
        render_mode: as there; only checked.
        settings: the arguments of `BatchedWarehouseNetwork` that the view lets through.

    Raises:
        ConfigurationError: an argument is out of range, or a name is unknown.
    """
    check_render_mode(render_mode)
    days = days_of(episode_days, max_cycles)
    with single_threaded():
        world = build_world(network, demand, skus=skus, observation=observation, disruption=disruption)
        return BatchedWarehouseNetwork(world, episode_days=days, **settings)
