"""Judge policies by their names: build them, run them through the same scenarios, tell how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from entrepot.agents.policy import Policy
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.network.disruption import DisruptionDescription
from entrepot.envs.observe.model import AS_LIVE
from entrepot.envs.world import World
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.evaluation.evaluate import BOUND, DUAL, Evaluation, ScenarioSolver, evaluate
from entrepot.training.evaluation.hindsight import refuse_known_opening
from entrepot.training.evaluation.resilience import Resilience, ResilienceSettings, resilience, roomy
from entrepot.training.events import Event, Kind, Observer, nobody
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.policies import build_policies


def judge(
    names: Sequence[str],
    world: World,
    settings: EvaluationSettings,
    *,
    tuning: Tuning,
    split: Split = Split.TEST,
    observe: Observer = nobody,
) -> Evaluation:
    """Compare policies on the same held-out scenarios.

    Args:
        names: of policies, or folders of runs and exported modules; each is compared with those before it.
        world: the network and its demand.
        settings: how many episodes, how long, from which seed.
        tuning: how the base stock is tuned; its `budgets` are filled.
        split: which part of the time line demand is drawn from.
        observe: told of each step.

    Raises:
        ConfigurationError: a name is neither a policy nor a folder of one, or it doesn't fit the network;
            or a bound is asked for that wouldn't hold.
    """

    def progress(policy: str, done: int, total: int) -> None:
        observe(Event(Kind.JUDGING, done, total, policy))

    if not {BOUND, f"{BOUND}_joint", DUAL}.isdisjoint(names):
        refuse_known_opening(world, settings)
    policies = build_policies(names, world, tuning)
    with torch.inference_mode():
        return evaluate(world, policies, settings, split=split, progress=progress)


def try_disruptions(
    names: Sequence[str],
    world: World,
    disruptions: Sequence[DisruptionDescription],
    settings: ResilienceSettings,
    *,
    tuning: Tuning,
    split: Split = Split.TEST,
    observation: str = AS_LIVE,
    observe: Observer = nobody,
) -> Resilience:
    """See how policies stand disruptions, on the same held-out scenarios with them and without.

    Args:
        names: of policies, or folders of runs and exported modules.
        world: a network that nothing befalls, in which rules are tuned.
        disruptions: that befall it one by one.
        settings: which scenarios, and what counts as served.
        tuning: how the base stock is tuned; its `budgets` are filled.
        split: which part of the time line demand is drawn from.
        observation: the observation model by name, in place of the world's own. `exact` shows holds and closures in the
            days to arrival before anybody knows of them.
        observe: told of each step.

    Raises:
        ConfigurationError: a name is neither a policy nor a folder of one, or it knows the future; or the network has
            nothing of what an event strikes.
    """

    def progress(policy: str, done: int, total: int) -> None:
        observe(Event(Kind.JUDGING, done, total, policy))

    roomier = replace(roomy(world, disruptions), observation=observation)
    policies: dict[str, Policy] = {}
    for name, policy in build_policies(names, roomier, tuning).items():
        if isinstance(policy, ScenarioSolver):
            raise ConfigurationError(f"--policies: {name!r} knows the future; allowed: who decides day by day")
        policies[name] = policy
    with torch.inference_mode():
        return resilience(roomier, policies, disruptions, settings, split=split, progress=progress)


def told(tuning: Tuning, observe: Observer) -> Tuning:
    """The same tuning, whose steps are events."""

    def progress(rule: str, step: int, loss: float) -> None:
        observe(Event(Kind.TUNING, step, tuning.settings.steps, f"{rule}: loss {loss:.4f}"))

    return replace(tuning, progress=progress)
