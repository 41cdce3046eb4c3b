"""Policies that decide, beside orders, when equipment is maintained."""

from entrepot.agents.maintenance.head import UNIT_FEATURES, MaintenanceHead, unit_features
from entrepot.agents.maintenance.own_units import OwnUnits
from entrepot.agents.maintenance.policy import MaintainingPolicy

__all__ = ["UNIT_FEATURES", "MaintainingPolicy", "MaintenanceHead", "OwnUnits", "unit_features"]
