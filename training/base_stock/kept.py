"""The base stock of a network and demand: one that was tuned before where there is one, else tuned now and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network import NetworkArrays
from entrepot.envs.network.names import differences
from entrepot.envs.world import World
from entrepot.training.base_stock.tuning import (
    TunedBaseStock,
    load_base_stock,
    names_in_base_stock,
    save_base_stock,
    tune_base_stock,
)
from entrepot.training.experiment import BaseStockSettings, WindowsSettings

TuningProgress = Callable[[int, float], None]
TUNING_SEED = 11
BASE_STOCK_FILE = "base_stock.json"
"""In a run's folder: the tuned base stock that its policy started from."""


@dataclass
class Tuning:
    """How the base stock is tuned where it has not been yet, where the result is kept, and what planners may use."""

    settings: BaseStockSettings = field(default_factory=BaseStockSettings)
    windows: WindowsSettings = field(default_factory=WindowsSettings)
    folder: Path = Path("checkpoints/base_stock")
    seed: int = TUNING_SEED
    progress: TuningProgress | None = None
    budgets: dict[str, str] = field(default_factory=dict)  # what was spent, or which covers there are, by policy
    processes: int | None = None  # that planners may use; one per core if None


def tuned_base_stock(world: World, tuning: Tuning) -> TunedBaseStock:
    """The rule tuned for this network and demand: read where it was tuned before, else tuned now.

    Raises:
        ConfigurationError: what the path holds doesn't fit the network.
    """
    if tuning.settings.path is not None:
        return base_stock_from(tuning.settings.path, world.network)
    path = tuning.folder / f"{world.description.name}-{fingerprint(world, tuning)}.json"
    if path.is_file():
        return load_base_stock(path, world.network)
    tuned = tune_base_stock(world, tuning.windows, tuning.settings, seed=tuning.seed, progress=tuning.progress)
    save_base_stock(tuned, world.network, path)
    return load_base_stock(path, world.network)


def base_stock_from(path: str, network: NetworkArrays) -> TunedBaseStock:
    """The rule that was tuned before, for a network of these lanes and SKUs, which are joined by name.

    Args:
        path: of a run's folder, or of what `save_base_stock` wrote.
        network: whose lanes and SKUs it must have.

    Raises:
        ConfigurationError: there is none, or it is another network's.
    """
    file = Path(path) / BASE_STOCK_FILE if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise ConfigurationError(
            f"base_stock.path: {path!r}; allowed: a run's folder with {BASE_STOCK_FILE}, or such a file"
        )
    tuned = load_base_stock(file, network)
    for what, kept, wanted in zip(
        ("lanes", "SKUs"), names_in_base_stock(file), (network.lanes, network.skus), strict=True
    ):
        if told := differences(kept, wanted):
            raise ConfigurationError(
                f"base_stock.path: {str(file)!r} was tuned on other {what}: it {told}; they must be the same"
            )
    return tuned


def fingerprint(world: World, tuning: Tuning) -> str:
    """Changes with the network, what each SKU sells in each market, and the budget."""
    content = [
        world.description.model_dump(mode="json"),
        world.demand.summary,
        hashlib.sha256(world.demand.mean_units_per_day.tobytes()).hexdigest(),
        world.demand.month_index.tolist(),
        world.attributes.demand_deviation.double().sum().item(),
        tuning.settings.model_dump(exclude={"path"}),
        tuning.windows.model_dump(),
        tuning.seed,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
