"""Demand models: what customers ask for, drawn before an episode and independent of any decision."""

from entrepot.envs.demand.model import DemandModel, Split
from entrepot.envs.demand.registry import demand_kinds, load_demand, register_demand

__all__ = ["DemandModel", "Split", "demand_kinds", "load_demand", "register_demand"]
