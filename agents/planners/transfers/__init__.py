"""Transfers planned together: route, departures and consolidation of each, exactly. NumPy and HiGHS, no torch."""

from entrepot.agents.planners.transfers.plan import Plan
from entrepot.agents.planners.transfers.planner import plan_transfers
from entrepot.agents.planners.transfers.transfer import Transfer

__all__ = ["Plan", "Transfer", "plan_transfers"]
