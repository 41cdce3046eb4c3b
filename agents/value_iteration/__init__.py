"""Exact optima of small inventory problems, by value iteration on their average cost."""

from entrepot.agents.value_iteration.lost_sales import lost_sales_optimum
from entrepot.agents.value_iteration.relative import Optimum

__all__ = ["Optimum", "lost_sales_optimum"]
