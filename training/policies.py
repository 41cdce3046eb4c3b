"""Policies by the name or path that a command line gives; a new one is one new file that registers itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from entrepot.agents.exported import ExportedPolicy, find_module
from entrepot.agents.inference import InferenceModule
from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.agents.neural.settings import WORKED_OUT
from entrepot.agents.planners.forecast import Forecaster
from entrepot.agents.planners.method_forecast import MethodForecaster
from entrepot.agents.planners.mpc import ModelPredictive
from entrepot.agents.planners.processes import lasting_processes
from entrepot.agents.policy import Policy
from entrepot.agents.rules import MinMax
from entrepot.configs.loader import ConfigurationError, configuration_folder, is_path
from entrepot.configs.registry import Registry
from entrepot.envs.world import World
from entrepot.training.base_stock.kept import Tuning, tuned_base_stock, tuned_rule
from entrepot.training.base_stock.starts import read_rule, rule_names
from entrepot.training.dual_bound.bound import DualBound, refuse_other_ways_out
from entrepot.training.dual_bound.futures import continued
from entrepot.training.evaluation.evaluate import DUAL, PRACTICE, UNTRAINED, ScenarioSolver
from entrepot.training.evaluation.hindsight import Hindsight
from entrepot.training.experiment import POLICY_FILE
from entrepot.training.trainers.runs import Run, kept_cover, load_run

NOTHING_TUNED = "works its covers out by itself; nothing was tuned here"
Builder = Callable[[World, Tuning], Policy | ScenarioSolver]
_BUILDERS = Registry[Builder]()
register_policy = _BUILDERS.register
"""Decorate a function ``(world, tuning) -> Policy | ScenarioSolver`` so that `--policies` can name it."""


def policy_names() -> list[str]:
    """Every name that `--policies` knows, paths aside."""
    return sorted({*_BUILDERS.names(), *rule_names()})


def rule_baselines() -> list[str]:
    """The rules that policies are told against, in the order of the tables."""
    return [PRACTICE, *rule_names()]


def build_policies(names: Sequence[str], world: World, tuning: Tuning) -> dict[str, Policy | ScenarioSolver]:
    """Build policies from names, run folders and exported modules.

    All names are looked up, and all folders read, before the first policy is built, which may mean to tune it.

    Raises:
        ConfigurationError: a name is neither a known policy nor a run's or module's folder, or stands twice, or the
            policy in a folder can't decide for the network.
    """
    found: dict[str, Builder] = {}
    for name in names:
        label, build = _found(name, world)
        label = name if label in found else label  # two folders may have the same last name
        if label in found:
            raise ConfigurationError(f"--policies: {name!r} stands twice")
        found[label] = build
    return {label: build(world, tuning) for label, build in found.items()}


def _rule(name: str, world: World, tuning: Tuning) -> Policy:
    tuned = tuned_rule(world, tuning, name)
    tuning.budgets[tuned.name] = tuned.budget
    return tuned.agent(world.attributes)


@register_policy("min_max")
def _min_max(world: World, tuning: Tuning) -> Policy:
    return MinMax(world.attributes)


@register_policy(UNTRAINED)
def _untrained(world: World, tuning: Tuning) -> Policy:
    """The neural policy with its default settings before any training: what of it is a rule."""
    tuned = tuned_base_stock(world, tuning)
    tuning.budgets[UNTRAINED] = "the neural policy before training, from base_stock's covers"
    module = NeuralPolicy(NeuralPolicySettings(head="release")).eval().to(world.parameters.device)
    return ModuleAgent(module, world.starting_from(tuned.cover).attributes)


@register_policy("mpc")
def _mpc(world: World, tuning: Tuning) -> Policy:
    forecaster = Forecaster.fit(world.network, world.attributes, world.demand)
    return ModelPredictive(world.parameters, world.attributes, forecaster, executor=lasting_processes(tuning.processes))


@register_policy("mpc_forecast")
def _mpc_forecast(world: World, tuning: Tuning) -> Policy:
    """The same planner on the forecast that warnings go by; nothing is fitted."""
    forecaster = MethodForecaster.of_method(world.attributes)
    return ModelPredictive(world.parameters, world.attributes, forecaster, executor=lasting_processes(tuning.processes))


@register_policy("hindsight")
def _hindsight(world: World, tuning: Tuning) -> ScenarioSolver:
    return Hindsight(processes=tuning.processes)


@register_policy("hindsight_joint")
def _hindsight_joint(world: World, tuning: Tuning) -> ScenarioSolver:
    return Hindsight(joint=True)


@register_policy(DUAL)
def _dual(world: World, tuning: Tuning) -> ScenarioSolver:
    refuse_other_ways_out(world)
    continued(world.network, world.demand)  # refuses what can't be bounded before anything is tuned
    tuned = tuned_base_stock(world, tuning)
    return DualBound(tuned.agent(world.attributes), tuned.name, tuning.futures, processes=tuning.processes)


def _found(name: str, world: World) -> tuple[str, Builder]:
    """What a policy is called in tables, and how it is built; its folder, if it has one, is read."""
    if name in rule_names() or is_path(name):
        return read_rule(name).name, partial(_rule, name)
    build = _BUILDERS.find(name)
    if build is not None:
        return name, build
    folder = Path(name)
    if (folder / POLICY_FILE).is_file():
        run, label = load_run(folder), folder.resolve().name
        run.agent(world)  # refuses what is bound to another network
        return label, partial(_of_run, run, label)
    module = find_module(folder)
    if module is not None:
        label = f"{module.manifest.name}/{module.manifest.version}"
        return label, partial(_of_module, module, label)
    allowed = ", ".join(policy_names())
    raise ConfigurationError(
        f"--policies: {name!r} is neither a policy ({allowed}) nor the folder of a run (with policy.pt) "
        "nor of an exported module (with manifest.json)"
    )


def _of_run(run: Run, label: str, world: World, tuning: Tuning) -> Policy:
    if run.experiment.policy.covers == WORKED_OUT:
        tuning.budgets[label] = NOTHING_TUNED
        return run.agent(world)
    return run.agent(_starting_from(run.cover_in(world), label, world, tuning))


def _of_module(module: InferenceModule, label: str, world: World, tuning: Tuning) -> Policy:
    if module.works_out_covers:
        tuning.budgets[label] = NOTHING_TUNED
        return ExportedPolicy(module, world.attributes)
    cover, demand = (torch.tensor(module.network[name]) for name in ("base_cover_days", "demand_mean"))
    own = kept_cover(cover, demand, module.manifest.names, world)
    return ExportedPolicy(module, _starting_from(own, label, world, tuning).attributes)


def _starting_from(own: Tensor | None, label: str, world: World, tuning: Tuning) -> World:
    """The world where a learned policy starts from its own covers [L, S], or from such as are tuned here if None."""
    if own is not None:
        tuning.budgets[label] = "starts from its own covers, tuned on this network and demand"
        return world.starting_from(own)
    tuned = tuned_base_stock(world, tuning)
    why = "starts from base_stock's covers here, its own being of another network or demand"
    tuning.budgets[label] = f"{why}: {tuned.budget}"
    return world.starting_from(tuned.cover)


def released_folder() -> Path:
    """Where the modules that ship with the package are."""
    return configuration_folder().parent / "checkpoints" / "released"


def named_policies(policies: str | None, network: str) -> list[str]:
    """The policies that a comma-separated list names; without one, the rules and the network's released module.

    Raises:
        ConfigurationError: the list is empty.
    """
    if policies is None:
        folders = (released_folder() / name for name in (f"{network}-pathwise", network.replace("_", "-")))
        released = next((str(folder) for folder in folders if folder.is_dir()), None)
        return [*rule_baselines(), UNTRAINED, *([released] if released else [])]
    names = [name.strip() for name in policies.split(",") if name.strip()]
    if not names:
        raise ConfigurationError(f"--policies: empty; allowed: {', '.join(policy_names())}, or folders")
    return names
