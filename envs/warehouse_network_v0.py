"""`warehouse_network_v0`, made the way PettingZoo's environments are: `parallel_env`, `env` and `raw_env`."""

from __future__ import annotations

from typing import Any

from pettingzoo import AECEnv
from pettingzoo.utils import wrappers
from pettingzoo.utils.conversions import parallel_to_aec

from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.interfaces.warehouse_network import WarehouseNetwork as parallel_env  # noqa: N813 — PettingZoo's name
from entrepot.envs.network import NetworkDescription
from entrepot.envs.world import World

__all__ = ["env", "parallel_env", "raw_env"]


def env(
    network: str | NetworkDescription | World = "kreen",
    demand: str | DemandModel | None = None,
    episode_days: int | None = None,
    skus: int | None = None,
    action: str = "cover",
    team_share: float = 0.0,
    render_mode: str | None = None,
    *,
    max_cycles: int | None = None,
    agent_names: str = "warehouses",
    warm_up_days: int = 0,
    split: Split | str = Split.TRAIN,
    seed: int | None = None,
) -> AECEnv[Any, Any, Any]:
    """The environment agent by agent, which clips actions into their spaces and insists on the order of calls.

    Arguments as in `parallel_env`.
    """
    made = raw_env(
        network,
        demand,
        episode_days,
        skus,
        action,
        team_share,
        render_mode,
        max_cycles=max_cycles,
        agent_names=agent_names,
        warm_up_days=warm_up_days,
        split=split,
        seed=seed,
    )
    return wrappers.OrderEnforcingWrapper(wrappers.ClipOutOfBoundsWrapper(made))


def raw_env(
    network: str | NetworkDescription | World = "kreen",
    demand: str | DemandModel | None = None,
    episode_days: int | None = None,
    skus: int | None = None,
    action: str = "cover",
    team_share: float = 0.0,
    render_mode: str | None = None,
    *,
    max_cycles: int | None = None,
    agent_names: str = "warehouses",
    warm_up_days: int = 0,
    split: Split | str = Split.TRAIN,
    seed: int | None = None,
) -> AECEnv[Any, Any, Any]:
    """The environment agent by agent, without wrappers; the day passes when the last agent has acted.

    Arguments as in `parallel_env`.
    """
    parallel = parallel_env(
        network,
        demand,
        episode_days,
        skus,
        action,
        team_share,
        render_mode,
        max_cycles=max_cycles,
        agent_names=agent_names,
        warm_up_days=warm_up_days,
        split=split,
        seed=seed,
    )
    return parallel_to_aec(parallel)
