"""Policies by the name or path that a command line gives; a new one is one new file that registers itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from entrepot.agents.inference import InferenceModule
from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.planners.forecast import Forecaster
from entrepot.agents.planners.mpc import ModelPredictive
from entrepot.agents.planners.processes import lasting_processes
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock, MinMax
from entrepot.configs.loader import ConfigurationError, configuration_folder, validate
from entrepot.configs.registry import Registry
from entrepot.envs.network import NetworkArrays
from entrepot.training.evaluation import Trial
from entrepot.training.experiment import BaseStockSettings, ExperimentSettings, WindowsSettings, World, build_world
from entrepot.training.exported_policy import ExportedPolicy, find_module
from entrepot.training.hindsight import Hindsight
from entrepot.training.learned import learned_module
from entrepot.training.tuning import (
    TunedBaseStock,
    load_base_stock,
    names_in_base_stock,
    save_base_stock,
    tune_base_stock,
)

TuningProgress = Callable[[int, float], None]
TUNING_SEED = 11
DEMAND_TOLERANCE = 1e-3
"""Relative: two machines add up a history in their own orders, and figures are kept in single precision."""
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


Builder = Callable[[World, Tuning], Policy | Trial]
_BUILDERS = Registry[Builder]()
register_policy = _BUILDERS.register
"""Decorate a function ``(world, tuning) -> Policy | Trial`` so that `--policies` can name it."""
policy_names = _BUILDERS.names
"""Every name that `--policies` knows, paths aside."""


def build_policies(names: Sequence[str], world: World, tuning: Tuning) -> dict[str, Policy | Trial]:
    """Build policies from names, run folders and exported modules.

    Raises:
        ConfigurationError: a name is neither a known policy nor a run's or module's folder.
    """
    policies: dict[str, Policy | Trial] = {}
    for name in names:
        build = _BUILDERS.find(name)
        label = name if build else Path(name).name
        label = name if label in policies else label  # a run and its export have the same last name
        if label in policies:
            raise ConfigurationError(f"--policies: {name!r} stands twice")
        policies[label] = build(world, tuning) if build else _from_folder(name, label, world, tuning)
    return policies


@register_policy("min_max")
def _min_max(world: World, tuning: Tuning) -> Policy:
    return MinMax(world.attributes)


@register_policy("base_stock")
def _base_stock(world: World, tuning: Tuning) -> Policy:
    tuned = tuned_base_stock(world, tuning)
    tuning.budgets["base_stock"] = tuned.budget
    return BaseStock(world.attributes, tuned.cover.to(world.parameters.device))


@register_policy("mpc")
def _mpc(world: World, tuning: Tuning) -> Policy:
    forecaster = Forecaster.fit(world.network, world.attributes, world.demand)
    return ModelPredictive(world.parameters, world.attributes, forecaster, executor=lasting_processes(tuning.processes))


@register_policy("hindsight")
def _hindsight(world: World, tuning: Tuning) -> Trial:
    return Hindsight(processes=tuning.processes)


@register_policy("hindsight_joint")
def _hindsight_joint(world: World, tuning: Tuning) -> Trial:
    return Hindsight(joint=True)


def tuned_base_stock(world: World, tuning: Tuning) -> TunedBaseStock:
    """The rule tuned for this network and demand: read where it was tuned before, else tuned now.

    Raises:
        ConfigurationError: what the path holds doesn't fit the network.
    """
    if tuning.settings.path is not None:
        return base_stock_from(tuning.settings.path, world.network)
    path = tuning.folder / f"{world.description.name}-{_fingerprint(world, tuning)}.json"
    if path.is_file():
        return load_base_stock(path, world.network)
    tuned = tune_base_stock(world, tuning.windows, tuning.settings, seed=tuning.seed, progress=tuning.progress)
    save_base_stock(tuned, world.network, path)
    return load_base_stock(path, world.network)


def base_stock_from(path: str, network: NetworkArrays) -> TunedBaseStock:
    """The rule that was tuned before, for exactly this network.

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
    lanes, skus = names_in_base_stock(file)
    if (lanes, skus) != (list(network.lanes), list(network.skus)):
        raise ConfigurationError(
            f"base_stock.path: {str(file)!r} was tuned on {len(lanes)} lanes and {len(skus)} SKUs; the network has "
            f"{len(network.lanes)} and {len(network.skus)}, and they must be the same"
        )
    return tuned


def _fingerprint(world: World, tuning: Tuning) -> str:
    """Changes with the network, the demand and the budget."""
    content = [
        world.description.model_dump(mode="json"),
        world.demand.summary,
        world.attributes.demand_mean.double().sum().item(),
        tuning.settings.model_dump(exclude={"path"}),
        tuning.windows.model_dump(),
        tuning.seed,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _from_folder(name: str, label: str, world: World, tuning: Tuning) -> Policy:
    folder = Path(name)
    if (folder / "policy.pt").is_file():
        run = load_run(folder)
        own = run.cover_days if run.fits(world) else None
        return run.agent(_starting_from(own, label, world, tuning))
    module = find_module(folder)
    if module is not None:
        own = torch.tensor(module.network["base_cover_days"]) if _module_fits(module, world) else None
        return ExportedPolicy(module, _starting_from(own, label, world, tuning).attributes)
    allowed = ", ".join(policy_names())
    raise ConfigurationError(
        f"--policies: {name!r} is neither a policy ({allowed}) nor the folder of a run (with policy.pt) "
        "nor of an exported module (with manifest.json)"
    )


def _starting_from(own: Tensor | None, label: str, world: World, tuning: Tuning) -> World:
    """The world where a learned policy starts from its own covers [L, S], or from such as are tuned here if None."""
    if own is not None:
        tuning.budgets[label] = "starts from its own covers, tuned on this network and demand"
        return world.starting_from(own)
    tuned = tuned_base_stock(world, tuning)
    why = "starts from base_stock's covers here, its own being of another network or demand"
    tuning.budgets[label] = f"{why}: {tuned.budget}"
    return world.starting_from(tuned.cover)


def _module_fits(module: InferenceModule, world: World) -> bool:
    """Whether a module was exported for these lanes and SKUs, and this demand."""
    names = module.manifest.names
    same_names = names.lanes == world.network.lanes and names.skus == world.network.skus
    return same_names and _same_demand(torch.tensor(module.network["demand_mean"]), world)


def _same_demand(mean: Tensor, world: World) -> bool:
    """Whether a long-run demand [M, S] in units a day is the world's, but for rounding."""
    here = world.attributes.demand_mean.cpu()
    return mean.shape == here.shape and torch.allclose(mean.to(here), here, rtol=DEMAND_TOLERANCE, atol=1e-6)


def released_folder() -> Path:
    """Where the modules that ship with the package are."""
    return configuration_folder().parent / "checkpoints" / "released"


@dataclass(frozen=True)
class Run:
    """A finished or running training run."""

    folder: Path
    experiment: ExperimentSettings
    module: nn.Module
    cover_days: Tensor  # [L, S] of the run's own network

    def fits(self, world: World) -> bool:
        """Whether the covers were learnt in a network of these lanes and SKUs, and on this demand."""
        path = self.folder / BASE_STOCK_FILE
        lanes_and_skus = list(world.network.lanes), list(world.network.skus)
        if not path.is_file() or names_in_base_stock(path) != lanes_and_skus:
            return False
        try:
            own = build_world(self.experiment.network, self.experiment.demand, skus=self.experiment.skus)
        except ConfigurationError:  # its history isn't here, so that nobody knows
            return False
        return _same_demand(own.attributes.demand_mean, world)

    def agent(self, world: World) -> ModuleAgent:
        """The run's policy at work in a world, which need not be the one it learnt in.

        Raises:
            ConfigurationError: the policy is bound to the network it learnt in, and this is another.
        """
        lanes, skus = getattr(self.module, "lane_names", None), getattr(self.module, "sku_names", None)
        if lanes is not None and (lanes, skus) != (tuple(world.network.lanes), tuple(world.network.skus)):
            raise ConfigurationError(
                f"{self.folder}: a perceptron decides for the network it was trained on, {self.experiment.network} "
                f"with {len(skus or ())} SKUs; found {world.description.name} with {len(world.network.skus)}"
            )
        return ModuleAgent(self.module.to(world.parameters.device), world.attributes)


def load_run(folder: Path) -> Run:
    """Read a run's settings and its best policy.

    Raises:
        ConfigurationError: the folder holds no run, or its policy can't be read.
    """
    settings, weights = folder / "experiment.json", folder / "policy.pt"
    if not settings.is_file() or not weights.is_file():
        raise ConfigurationError(
            f"{folder}: no run here; expected experiment.json and policy.pt, as `train` leaves them"
        )
    try:
        content = json.loads(settings.read_text(encoding="utf-8"))
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise ConfigurationError(f"{folder}: can't be read: {error}") from error
    experiment = validate(ExperimentSettings, content, settings)
    module = learned_module(experiment)
    try:
        module.load_state_dict(state["module"])
        cover = torch.as_tensor(state["cover_days"])
    except (RuntimeError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{weights}: does not fit the policy of {settings}: {error}") from error
    return Run(folder, experiment, module.eval(), cover)
