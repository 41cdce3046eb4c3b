"""A sales history whose levels drift, and a network that it fits: what a policy meets whose training years are past.

Each SKU's level rises, falls or steps, so that the long run of the training window is wrong in the test window for
every one of them. All figures are assumptions. Units of a day are negative binomial about the level.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from entrepot.configs.files import write_atomically
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.loading import load_network
from entrepot.envs.world import World, build_world

FIRST_DAY = "2022-01-03"
DAYS = 728
COURSES = {
    "steady": ((0.0, 1.0), (1.0, 1.0)),
    "rises": ((0.0, 0.4), (1.0, 2.5)),
    "falls": ((0.0, 2.5), (1.0, 0.3)),
    "steps_up": ((0.0, 0.6), (0.68, 0.6), (0.70, 2.0), (1.0, 2.0)),
    "steps_down": ((0.0, 1.8), (0.72, 1.8), (0.74, 0.4), (1.0, 0.4)),
}
"""Level over time, each as a share: straight lines in the logarithm between the points. Windows are 70 : 12 : 18."""
USUAL_UNITS = (1.0, 2.0, 4.0, 8.0)
"""A day, of the SKUs in turn."""
DISPERSION = 2.0
"""Size of the negative binomial: a day's variance is mean + mean² / 2."""


def drifting_units(skus: int, *, seed: int) -> np.ndarray:
    """[DAYS, skus] whole units; SKUs follow the courses in turn."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, DAYS)
    courses = [
        np.exp(np.interp(time, *np.array([(at, np.log(level)) for at, level in points]).T))
        for points in COURSES.values()
    ]
    usual = np.array([USUAL_UNITS[sku // len(courses) % len(USUAL_UNITS)] for sku in range(skus)])
    level = np.stack([courses[sku % len(courses)] for sku in range(skus)], axis=1) * usual
    return rng.negative_binomial(DISPERSION, DISPERSION / (DISPERSION + level))


def drifting_world(folder: Path, *, network: str = "two_warehouses", skus: int = 10, seed: int = 0) -> World:
    """The network with a drifting history, of which no two SKUs drift alike.

    Args:
        folder: where the history and its YAML are written.
        network: by name, with one market `online`.
        skus: how many of its catalogue.
        seed: of the units.
    """
    description = load_network(network, skus=skus)
    demand = write_history(folder, description, seed=seed)
    return build_world(description, DemandSettings(name=str(demand)))


def write_history(folder: Path, description: NetworkDescription, *, seed: int) -> Path:
    """Write sales by day, and the demand YAML that names them; returns the YAML."""
    names = NetworkArrays.from_description(description).skus
    units = drifting_units(len(names), seed=seed)
    days = pd.date_range(FIRST_DAY, periods=DAYS).strftime("%Y-%m-%d")
    table = pd.DataFrame(units, index=pd.Index(days, name="date"), columns=pd.Index(names, name="sku"))
    sales = table.stack().rename("units_sold").reset_index()
    sales.insert(2, "market", "online")
    write_atomically(folder / "drifting.csv", sales[sales["units_sold"] > 0].to_csv(index=False))
    demand = folder / "drifting.yaml"
    write_atomically(demand, "kind: history\npath: drifting.csv\n")
    return demand
