"""Methods of Nixtla's statsforecast (Apache-2.0) for intermittent demand, where it is installed."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

import numpy as np
from forecasts_demand import Floats, Means

SMOOTHING = {"alpha_d": 0.1, "alpha_p": 0.1}
"""Of TSB, the only one of the four that has settings: those of its documentation's examples."""
MISSING = (
    "statsforecast is not installed, so its methods are not measured: `pip install statsforecast`, in an environment "
    "of its own, for it asks for pandas below 3"
)


def rivals() -> dict[str, Means] | None:
    """By name; None where statsforecast isn't installed."""
    if find_spec("statsforecast") is None:
        return None
    models = importlib.import_module("statsforecast.models")
    made = {
        "sf_croston_sba": models.CrostonSBA(),
        "sf_tsb": models.TSB(**SMOOTHING),
        "sf_adida": models.ADIDA(),
        "sf_imapa": models.IMAPA(),
    }
    return {name: _means(model) for name, model in made.items()}


def _means(model: Any) -> Means:
    def means(daily: Floats, days: int) -> Floats:
        found = []
        for series in daily.T:  # their interface takes one at a time
            first = int(np.argmax(series > 0))  # before its first sale a SKU wasn't on offer, or nobody knows
            known = np.ascontiguousarray(series[first:])
            found.append(np.zeros(days) if not known.any() else model.forecast(y=known, h=days)["mean"])
        return np.nan_to_num(np.asarray(found, np.float64).T)

    return means
