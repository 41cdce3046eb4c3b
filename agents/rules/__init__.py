"""Rules that a planner could run by hand."""

from entrepot.agents.rules.base_stock import BaseStock
from entrepot.agents.rules.forecast_base_stock import ForecastBaseStock
from entrepot.agents.rules.min_max import MinMax
from entrepot.agents.rules.reorder_point import ReorderPoint

__all__ = ["BaseStock", "ForecastBaseStock", "MinMax", "ReorderPoint"]
