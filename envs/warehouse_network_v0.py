"""`warehouse_network_v0`, made the way PettingZoo's environments are: `parallel_env`, `env` and `raw_env`."""

from __future__ import annotations

from typing import Any

from pettingzoo import AECEnv
from pettingzoo.utils import wrappers
from pettingzoo.utils.conversions import parallel_to_aec

from entrepot.envs.interfaces.warehouse_network import WarehouseNetwork as parallel_env  # noqa: N813 — PettingZoo's name

__all__ = ["env", "parallel_env", "raw_env"]


def env(*args: Any, **kwargs: Any) -> AECEnv[Any, Any, Any]:
    """The environment agent by agent, which clips actions into their spaces and insists on the order of calls.

    Arguments as in `parallel_env`.
    """
    return wrappers.OrderEnforcingWrapper(wrappers.ClipOutOfBoundsWrapper(raw_env(*args, **kwargs)))


def raw_env(*args: Any, **kwargs: Any) -> AECEnv[Any, Any, Any]:
    """The environment agent by agent, without wrappers; the day passes when the last agent has acted."""
    return parallel_to_aec(parallel_env(*args, **kwargs))
