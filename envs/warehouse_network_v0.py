"""`warehouse_network_v0`, made the way PettingZoo's environments are: `parallel_env`, `env` and `raw_env`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from pettingzoo import AECEnv
from pettingzoo.utils import wrappers
from pettingzoo.utils.conversions import parallel_to_aec

from entrepot.envs.interfaces.warehouse_network import WarehouseNetwork
from entrepot.envs.interfaces.warehouse_network import WarehouseNetwork as parallel_env  # noqa: N813 — PettingZoo's name

__all__ = ["env", "parallel_env", "raw_env"]

Arguments = ParamSpec("Arguments")


def _by_turns(
    make: Callable[Arguments, WarehouseNetwork], turn: Callable[[WarehouseNetwork], AECEnv[Any, Any, Any]]
) -> Callable[Arguments, AECEnv[Any, Any, Any]]:
    """A door that takes the same arguments and hands out the environment agent by agent."""

    @wraps(make, updated=())
    def door(*arguments: Arguments.args, **named: Arguments.kwargs) -> AECEnv[Any, Any, Any]:
        return turn(make(*arguments, **named))

    return door


def _insisting(parallel: WarehouseNetwork) -> AECEnv[Any, Any, Any]:
    return wrappers.OrderEnforcingWrapper(wrappers.ClipOutOfBoundsWrapper(parallel_to_aec(parallel)))


raw_env = _by_turns(parallel_env, parallel_to_aec)
"""The environment agent by agent, without wrappers; the day passes when the last agent has acted. Arguments as in
`parallel_env`."""
env = _by_turns(parallel_env, _insisting)
"""The environment agent by agent, which clips actions into their spaces and insists on the order of calls. Arguments as
in `parallel_env`."""
