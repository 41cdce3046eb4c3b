"""`CentralPlanner` for Gymnasium, beside `warehouse_network_v0` for PettingZoo."""

from entrepot.envs.interfaces.central_planner import CentralPlanner

__all__ = ["CentralPlanner"]
