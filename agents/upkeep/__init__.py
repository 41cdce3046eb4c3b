"""Policies that decide, beside orders, when equipment is maintained."""

from entrepot.agents.upkeep.head import UNIT_FEATURES, MaintenanceHead, unit_features
from entrepot.agents.upkeep.own_units import OwnUnits
from entrepot.agents.upkeep.policy import MaintainingPolicy

__all__ = ["UNIT_FEATURES", "MaintainingPolicy", "MaintenanceHead", "OwnUnits", "unit_features"]
