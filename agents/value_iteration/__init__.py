"""Exact optima of small inventory problems, by value iteration on their average cost."""

from entrepot.agents.value_iteration.dual_sourcing import dual_sourcing_optimum
from entrepot.agents.value_iteration.lost_sales import (
    geometric_probabilities,
    lost_sales_optimum,
    poisson_probabilities,
)
from entrepot.agents.value_iteration.one_warehouse import one_warehouse_optimum
from entrepot.agents.value_iteration.relative import Optimum

__all__ = [
    "Optimum",
    "dual_sourcing_optimum",
    "geometric_probabilities",
    "lost_sales_optimum",
    "one_warehouse_optimum",
    "poisson_probabilities",
]
