"""Forecasts of demand by SKU and market or node, without torch: one interface for planner, warnings and features.

from entrepot.envs.snapshot.forecast import KnownDemand, method_named

known = KnownDemand.of_daily(daily, first_day, month_index)  # or `of_snapshot`; `.through(share)` for nodes
forecast = method_named("negative_binomial")(known, days=(7, 28))
forecast.mean  # [2, …] units
forecast.quantiles([0.1, 0.9])  # [2, 2, …] units
"""

from entrepot.envs.snapshot.forecast.forecast import Forecast
from entrepot.envs.snapshot.forecast.known import KnownDemand
from entrepot.envs.snapshot.forecast.methods import DEFAULT, Method, method_named, method_names, register_method

__all__ = ["DEFAULT", "Forecast", "KnownDemand", "Method", "method_named", "method_names", "register_method"]
