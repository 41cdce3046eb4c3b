"""The dual bound's trial: hindsight's plan of each scenario, charged for what it learns too early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from entrepot.agents.planners.charges import PART
from entrepot.agents.planners.hindsight import HindsightPlan, plan_each_sku
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.processes import worker_processes
from entrepot.agents.policy import Policy
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from entrepot.training.dual_bound.futures import Futures
from entrepot.training.dual_bound.penalty import Effort, Penalty, penalties
from entrepot.training.dual_bound.store_penalty import LEARNING_SEED, MOST_OF_PATH, Learnt, best_share, of_share
from entrepot.training.dual_bound.stores import stand_alone
from entrepot.training.evaluation.evaluate import Done, Drawn, Figures
from entrepot.training.evaluation.hindsight import figures_of, instances_of, ways_out
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.pathwise.window import horizon_days

SHARES = (1.0, 0.75, 0.5, 0.25, 0.1, 0.05, 0.0)
"""Of charges by futures; 0 is hindsight."""


@dataclass
class DualBound:
    """No policy that doesn't know the future costs less than this on average, settled; in a single episode it may.

    In stores that stand alone: none that never has more than `MOST_OF_PATH` times what the path has at most.
    """

    policy: Policy  # along whose path plans are charged; remembers nothing itself
    name: str  # of the policy
    copies: int = 32  # futures that the expectation is taken over, from each day on, where chances are not at hand
    look_ahead_days: int | None = None  # those after which an order's consequences have been seen, if None
    processes: int | None = None  # that plan side by side; one per core if None
    learnt_on: int = 1000  # training scenarios that worths in stores that stand alone are worked out on
    tried_on: int = 2  # training scenarios that the share of charges is chosen on, where futures are drawn
    _learnt: Learnt | None = None
    _share: float | None = None
    _seconds: list[float] = field(default_factory=list)

    def figures(self, world: World, drawn: Drawn, settings: EvaluationSettings, done: Done) -> Figures:
        """Parts of the settled cost, what foresight is charged among them, and lost sales."""
        refuse_other_ways_out(world)
        # Scenarios may have been drawn where no gradient is recorded.
        with torch.inference_mode(False), torch.enable_grad():
            scenario = drawn.scenario.mapped(torch.clone)
            instances = list(instances_of(world, scenario, settings))
            if stand_alone(world):
                charged = self._by_chances(world, scenario, instances, settings)
                done((scenario.days - settings.warm_up_days) * scenario.episodes)
            else:
                charged = self._by_futures(world, drawn, scenario, instances, settings, done)
        plans, most_left = [], None if self._learnt is None else self._learnt.most_left
        with worker_processes(self.processes) as executor:
            for instance, penalty in zip(instances, charged, strict=True):
                plan = plan_each_sku(instance, penalty.charges, most_left=most_left, executor=executor)
                plans.append(_on_average_as_free(plan, penalty))
                self._seconds.append(plan.seconds)
        done(settings.warm_up_days * scenario.episodes)
        return figures_of(plans, scenario, settings)

    def _by_chances(
        self, world: World, scenario: Scenario, instances: Sequence[Instance], settings: EvaluationSettings
    ) -> list[Penalty]:
        if self._learnt is None:
            self._learnt = Learnt.along(world, self.policy, settings, episodes=self.learnt_on)
        return self._learnt.penalties(world, self.policy, scenario, instances)

    def _by_futures(
        self,
        world: World,
        drawn: Drawn,
        scenario: Scenario,
        instances: Sequence[Instance],
        settings: EvaluationSettings,
        done: Done,
    ) -> list[Penalty]:
        if self._share is None:
            self._share = self._chosen_share(world, settings)
        charged = self._penalties(world, drawn, scenario, instances, settings, done)
        return [of_share(penalty, self._share) for penalty in charged]

    def _chosen_share(self, world: World, settings: EvaluationSettings) -> float:
        """That of the charges with which the bound is highest on training scenarios."""
        settings = settings.model_copy(update={"episodes": self.tried_on, "seed": LEARNING_SEED})
        days = settings.warm_up_days + settings.days
        scenario = draw_scenario(
            world.network, world.demand, episodes=self.tried_on, days=days, split=Split.TRAIN, seed=LEARNING_SEED
        )
        instances = list(instances_of(world, scenario, settings))
        drawn = Drawn(scenario, Split.TRAIN)
        charged = self._penalties(world, drawn, scenario, instances, settings, lambda days: None)
        return best_share(instances, charged, SHARES)

    def _penalties(
        self,
        world: World,
        drawn: Drawn,
        scenario: Scenario,
        instances: Sequence[Instance],
        settings: EvaluationSettings,
        done: Done,
    ) -> list[Penalty]:
        futures = Futures(
            world.network,
            world.demand,
            scenario,
            split=drawn.split,
            seed=settings.seed,
            drawn=settings.episodes,
            first=drawn.first,
        )
        return penalties(
            world.simulation(whole_units=False),
            futures,
            scenario,
            self.policy,
            instances,
            Effort(self.copies, self._look_ahead(world)),
            done=lambda days: done(days * scenario.episodes),
        )

    def _look_ahead(self, world: World) -> int:
        if self.look_ahead_days is not None:
            return self.look_ahead_days
        return int(np.ceil(float(horizon_days(world.network).max())))

    @property
    def effort(self) -> str:
        """What was charged along, and time spent in HiGHS."""
        over = f"{self.copies} futures from each day, {self._share or 0.0:.0%} of its charges"
        if self._learnt is not None:
            learnt = self._learnt
            over = (
                f"chances of demand ({learnt.episodes} training scenarios, {learnt.share:.1%} of its charges), among "
                f"policies that never have more than {MOST_OF_PATH:g} times what it has at most"
            )
        return (
            f"{len(self._seconds)} scenarios, charged along the path of {self.name} over {over}; "
            f"one program a SKU, {np.mean(self._seconds):.1f} s of one core a scenario"
        )


def refuse_other_ways_out(world: World) -> None:
    """A plan never has what a policy loses, and so isn't charged for it: by units that hang on later demand.

    Raises:
        ConfigurationError: goods go out of this world otherwise than by being sold or sent back.
    """
    ways = ways_out(world)
    if ways:
        raise ConfigurationError(
            f"--bound: 'dual'; {' and '.join(ways)}, and charges on what is lost would not be 0 on average; "
            "allowed: hindsight, or a network where goods go out by sale alone"
        )


def _on_average_as_free(plan: HindsightPlan, penalty: Penalty) -> HindsightPlan:
    """The plan, charged for no more than what sets it apart from the path, whose own charges are 0 in expectation."""
    return replace(plan, parts={**plan.parts, PART: plan.parts[PART] - penalty.on_path_usd})
