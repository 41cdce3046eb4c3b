"""Which fees are charged on a day, and what they come to for stock that is known: Amazon's sums, worked out plainly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError, locate, read_yaml, validate
from entrepot.envs.network.inbound.description import FeeTable, FeeTables, Step

M3_PER_FT3 = 0.0283168
DAYS_PER_MONTH = 365 / 12


def load_fees(name_or_path: str, on: date) -> FeeTable:
    """The fees that are charged on a day.

    Args:
        name_or_path: a table that ships with the package (``us``), or the path of a YAML file.
        on: the day.

    Raises:
        ConfigurationError: there is no such file, it can't be used, or it has no fees of that day.
    """
    path = locate("fba", name_or_path)
    tables = validate(FeeTables, read_yaml(path), path).tables
    charged = [table for table in tables if table.from_ <= on]
    if not charged:
        raise ConfigurationError(f"{path}: no fees of {on}; allowed: {tables[0].from_} or later")
    return charged[-1]


def usd_per_m3_day(usd_per_ft3_month: float) -> float:
    """USD per m³ and day; a month counts 365/12 days."""
    return usd_per_ft3_month / M3_PER_FT3 / DAYS_PER_MONTH


def storage_by_month(fees: FeeTable) -> list[float]:
    """[12] USD per m³ and day, from January on."""
    price = fees.storage_usd_per_ft3_month
    return [usd_per_m3_day(usd) for usd in (price if isinstance(price, list) else [price] * 12)]


def thresholds(steps: Iterable[Sequence[Step]]) -> list[float]:
    """Every place where a surcharge of any centre begins, rising."""
    return sorted({step.from_ for centre in steps for step in centre})


def increments(steps: Sequence[Step], places: Sequence[float]) -> NDArray[np.float64]:
    """[a] USD per m³ and day by which a centre's surcharge is dearer from each place on than below it.

    What lies beyond several places is charged all of their increments, which add up to its own step's price.
    """
    prices = [0.0, *(usd_per_m3_day(step.usd_per_ft3_month) for step in steps)]
    begins = [step.from_ for step in steps]
    return np.array([prices[k + 1] - prices[k] if (k := _at(begins, place)) >= 0 else 0.0 for place in places])


def _at(begins: list[float], place: float) -> int:
    return begins.index(place) if place in begins else -1
