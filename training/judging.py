"""Judge policies by their names: build them, run them through the same scenarios, tell how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from entrepot.envs.demand import Split
from entrepot.envs.world import World
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.evaluation.evaluate import Evaluation, evaluate
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
        ConfigurationError: a name is neither a policy nor a folder of one, or it doesn't fit the network.
    """

    def progress(policy: str, done: int, total: int) -> None:
        observe(Event(Kind.JUDGING, done, total, policy))

    policies = build_policies(names, world, tuning)
    with torch.inference_mode():
        return evaluate(world, policies, settings, split=split, progress=progress)


def told(tuning: Tuning, observe: Observer) -> Tuning:
    """The same tuning, whose steps are events."""

    def progress(rule: str, step: int, loss: float) -> None:
        observe(Event(Kind.TUNING, step, tuning.settings.steps, f"{rule}: loss {loss:.4f}"))

    return replace(tuning, progress=progress)
