"""Methods of forecasting by name; a new one is one new file that registers itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from entrepot.configs.registry import Registry
from entrepot.envs.snapshot.forecast.forecast import Forecast
from entrepot.envs.snapshot.forecast.known import KnownDemand


class Method(Protocol):
    """From what is known to what is expected, all cells at once."""

    def __call__(self, known: KnownDemand, days: Sequence[int]) -> Forecast:
        """Forecast the sums over spans of days.

        Args:
            known: of the cells.
            days: lengths of the spans, 1 or more each.

        Raises:
            ConfigurationError: the method needs daily sums, and there are none.
        """
        ...


DEFAULT = "negative_binomial"
"""What was best in `benchmarks/forecasts.py`, of what a snapshot alone can tell."""
_METHODS = Registry[Method](
    {
        name: f"entrepot.envs.snapshot.forecast.{name}"
        for name in ("seasonal_naive", "exponential", "negative_binomial", "tsb")
    }
)
register_method = _METHODS.register
"""Decorate a `Method` so that it can be named."""
method_names = _METHODS.names
"""Every name that a forecast's `method` may have."""


def method_named(name: str = DEFAULT) -> Method:
    """The method of a name.

    Raises:
        ConfigurationError: there is none.
    """
    return _METHODS.named(name, "forecast")
