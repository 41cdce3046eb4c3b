"""The base stock of a network and demand: one that was tuned before where there is one, else tuned now and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from entrepot.configs.files import refuse_unwritable
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.names import differences as told_apart
from entrepot.envs.world import World
from entrepot.training.base_stock.file import FORMAT, BaseStockFile, TunedBaseStock, load_base_stock, save_base_stock
from entrepot.training.base_stock.tuning import tune_base_stock
from entrepot.training.content import content_of, differences, digest
from entrepot.training.experiment import BASE_STOCK_FILE, BaseStockSettings, WindowsSettings

TuningProgress = Callable[[int, float], None]
TUNING_SEED = 11


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
    """The rule tuned for this network and demand: read where it was tuned before on the same content, else tuned now.

    Raises:
        ConfigurationError: what the path holds doesn't fit the network.
    """
    if tuning.settings.path is not None:
        return _given(tuning.settings.path, world)
    tuned_on = what_is_tuned_on(world, tuning)
    path = tuning.folder / f"{world.description.name}-{digest(tuned_on)}.json"
    if path.is_file():
        kept = BaseStockFile.read(path)
        if kept.format == FORMAT and kept.tuned_on == tuned_on and kept.has_just(world.network):
            return kept.of(world.network)
    refuse_unwritable(path, "folder, where tuned base stocks are kept")
    tuned = tune_base_stock(world, tuning.windows, tuning.settings, seed=tuning.seed, progress=tuning.progress)
    save_base_stock(tuned, world.network, path, tuned_on=tuned_on)
    return load_base_stock(path, world.network)


def what_is_tuned_on(world: World, tuning: Tuning) -> dict[str, str]:
    """Digests of all that the tuned covers follow from: network, demand, budget, windows and seed."""
    how = {
        "settings": tuning.settings.model_dump(exclude={"path"}),
        "windows": tuning.windows.model_dump(),
        "seed": tuning.seed,
    }
    return {**content_of(world), **{name: digest(value) for name, value in how.items()}}


def _given(path: str, world: World) -> TunedBaseStock:
    """The rule that was tuned before, for exactly these lanes and SKUs; what else is not as it was there is told."""
    file = Path(path) / BASE_STOCK_FILE if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise ConfigurationError(
            f"base_stock.path: {path!r}; allowed: a run's folder with {BASE_STOCK_FILE}, or such a file"
        )
    kept, network = BaseStockFile.read(file), world.network
    for what, names, wanted in (("lanes", kept.lanes, network.lanes), ("SKUs", kept.skus, network.skus)):
        if other := told_apart(names, wanted):
            raise ConfigurationError(
                f"base_stock.path: {str(file)!r} was tuned on other {what}: it {other}; they must be the same"
            )
    here = content_of(world)
    there = {name: value for name, value in kept.tuned_on.items() if name in here}
    return replace(kept.of(network), elsewhere=tuple(differences(there, here)) if there else ())
