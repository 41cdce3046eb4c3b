"""The rules tuned for a network and demand: one that was tuned before where there is one, else tuned now and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from entrepot.configs.files import refuse_unwritable
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.names import differences as told_apart
from entrepot.envs.world import World
from entrepot.training.base_stock.file import BASE_STOCK, FORMAT, RuleFile, TunedRule, load_rule, save_rule
from entrepot.training.base_stock.starts import RuleInUse, read_rule
from entrepot.training.base_stock.tuning import tune_rule
from entrepot.training.content import content_of, differences, digest
from entrepot.training.experiment import BASE_STOCK_FILE, BaseStockSettings, WindowsSettings

TuningProgress = Callable[[str, int, float], None]
"""Told of the rule, the iteration and its loss."""
TUNING_SEED = 11


@dataclass
class Tuning:
    """How rules are tuned where they have not been yet, where results are kept, and what planners may use."""

    settings: BaseStockSettings = field(default_factory=BaseStockSettings)
    windows: WindowsSettings = field(default_factory=WindowsSettings)
    folder: Path = Path("checkpoints/base_stock")
    seed: int = TUNING_SEED
    progress: TuningProgress | None = None
    budgets: dict[str, str] = field(default_factory=dict)  # what was spent, or which covers there are, by policy
    processes: int | None = None  # that planners may use; one per core if None
    futures: int = 32  # that the dual bound takes its expectations over


def tuned_base_stock(world: World, tuning: Tuning) -> TunedRule:
    """`tuned_rule` of the base stock, which learned policies start from."""
    return tuned_rule(world, tuning, BASE_STOCK)


def tuned_rule(world: World, tuning: Tuning, name: str) -> TunedRule:
    """A rule tuned for this network and demand: read where it was tuned before on the same content, else tuned now.

    Args:
        world: the network and its demand.
        tuning: how.
        name: of the rule, or the path of its YAML.

    Raises:
        ConfigurationError: there is no such rule, or what `base_stock.path` holds doesn't fit the network.
    """
    if name == BASE_STOCK and tuning.settings.path is not None:
        return _given(tuning.settings.path, world)
    rule = read_rule(name)
    tuned_on = what_is_tuned_on(world, tuning, rule)
    path = tuning.folder / f"{world.description.name}-{rule.name}-{digest(tuned_on)}.json"
    if path.is_file():
        kept = RuleFile.read(path)
        if kept.format == FORMAT and kept.tuned_on == tuned_on and kept.has_just(world.network):
            return kept.of(world.network)
    refuse_unwritable(path, "folder, where tuned rules are kept")
    progress = None if tuning.progress is None else partial(tuning.progress, rule.name)
    tuned = tune_rule(rule, world, tuning.windows, tuning.settings, seed=tuning.seed, progress=progress)
    save_rule(tuned, world.network, path, tuned_on=tuned_on)
    return load_rule(path, world.network)


def what_is_tuned_on(world: World, tuning: Tuning, rule: RuleInUse | None = None) -> dict[str, str]:
    """Digests of all that a rule's tuned figures follow from: network, demand, budget, windows, seed, and the rule.

    Args:
        world: the network and its demand.
        tuning: how.
        rule: the base stock if None.
    """
    rule = rule or read_rule(BASE_STOCK)
    how = {
        "settings": tuning.settings.model_dump(exclude={"path"}),
        "windows": tuning.windows.model_dump(exclude=None if tuning.windows.moving_share else {"moving_share"}),
        "seed": tuning.seed,
        "rule": [rule.kind, rule.starts],
    }
    return {**content_of(world), **{name: digest(value) for name, value in how.items()}}


def _given(path: str, world: World) -> TunedRule:
    """The rule that was tuned before, for exactly these lanes and SKUs; what else is not as it was there is told."""
    file = Path(path) / BASE_STOCK_FILE if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise ConfigurationError(
            f"base_stock.path: {path!r}; allowed: a run's folder with {BASE_STOCK_FILE}, or such a file"
        )
    kept, network = RuleFile.read(file), world.network
    for what, names, wanted in (("lanes", kept.lanes, network.lanes), ("SKUs", kept.skus, network.skus)):
        if other := told_apart(names, wanted):
            raise ConfigurationError(
                f"base_stock.path: {str(file)!r} was tuned on other {what}: it {other}; they must be the same"
            )
    here = content_of(world)
    there = {name: value for name, value in kept.tuned_on.items() if name in here or name == "observation"}
    return replace(kept.of(network), elsewhere=tuple(differences(there, here)) if there else ())
