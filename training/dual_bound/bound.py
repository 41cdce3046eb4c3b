"""The dual bound's trial: hindsight's plan of each scenario, charged for what it learns too early."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from entrepot.agents.planners.charges import PART
from entrepot.agents.planners.hindsight import HindsightPlan, plan_each_sku
from entrepot.agents.planners.processes import worker_processes
from entrepot.agents.policy import Policy
from entrepot.envs.world import World
from entrepot.training.dual_bound.futures import Futures
from entrepot.training.dual_bound.penalty import Effort, Penalty, penalties
from entrepot.training.evaluation.evaluate import Done, Drawn, Figures
from entrepot.training.evaluation.hindsight import figures_of, instances_of
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.pathwise.window import horizon_days


@dataclass
class DualBound:
    """No policy that doesn't know the future costs less than this on average, settled; in a single episode it may."""

    policy: Policy  # along whose path plans are charged; remembers nothing itself
    name: str  # of the policy
    copies: int = 32  # futures that the expectation is taken over, from each day on
    look_ahead_days: int | None = None  # those after which an order's consequences have been seen, if None
    processes: int | None = None  # that plan side by side; one per core if None
    _seconds: list[float] = field(default_factory=list)

    def figures(self, world: World, drawn: Drawn, settings: EvaluationSettings, done: Done) -> Figures:
        """Parts of the settled cost, what foresight is charged among them, and lost sales."""
        # Scenarios may have been drawn where no gradient is recorded.
        with torch.inference_mode(False), torch.enable_grad():
            scenario = drawn.scenario.mapped(torch.clone)
            futures = Futures(
                world.network,
                world.demand,
                scenario,
                split=drawn.split,
                seed=settings.seed,
                drawn=settings.episodes,
                first=drawn.first,
            )
            instances = list(instances_of(world, scenario, settings))
            charged = penalties(
                world.simulation(whole_units=False),
                futures,
                scenario,
                self.policy,
                instances,
                Effort(self.copies, self._look_ahead(world)),
                done=lambda days: done(days * scenario.episodes),
            )
        plans = []
        with worker_processes(self.processes) as executor:
            for instance, penalty in zip(instances, charged, strict=True):
                plan = plan_each_sku(instance, penalty.charges, executor=executor)
                plans.append(_on_average_as_free(plan, penalty))
                self._seconds.append(plan.seconds)
        done((scenario.days - settings.days) * scenario.episodes)
        return figures_of(plans, scenario, settings)

    def _look_ahead(self, world: World) -> int:
        if self.look_ahead_days is not None:
            return self.look_ahead_days
        return int(np.ceil(float(horizon_days(world.network).max())))

    @property
    def effort(self) -> str:
        """What was charged along, and time spent in HiGHS."""
        return (
            f"{len(self._seconds)} scenarios, charged along the path of {self.name} over {self.copies} futures from "
            f"each day; one program a SKU, {np.mean(self._seconds):.1f} s of one core a scenario"
        )


def _on_average_as_free(plan: HindsightPlan, penalty: Penalty) -> HindsightPlan:
    """The plan, charged for no more than what sets it apart from the path, whose own charges are 0 in expectation."""
    return replace(plan, parts={**plan.parts, PART: plan.parts[PART] - penalty.on_path_usd})
