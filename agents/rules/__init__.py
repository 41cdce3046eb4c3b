"""Rules that a planner could run by hand."""

from entrepot.agents.rules.base_stock import BaseStock
from entrepot.agents.rules.min_max import MinMax

__all__ = ["BaseStock", "MinMax"]
