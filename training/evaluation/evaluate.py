"""Every policy on the same held-out scenarios: one function, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.policy import Policy
from entrepot.agents.rules import MinMax
from entrepot.agents.rules.rule import TunableRule
from entrepot.envs.demand import Split
from entrepot.envs.kpi import KpiTotals
from entrepot.envs.opening import stocked
from entrepot.envs.settlement import Settlement
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from entrepot.training.evaluation.intervals import known_mean, mean_interval, ratio_interval
from entrepot.training.evaluation.remarks import remarks
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.rollout import roll_out

Floats = NDArray[np.float64]
EPISODES_AT_ONCE = 128
"""Unless told otherwise; the result does not depend on it."""
PRACTICE, BOUND, DUAL = "min_max", "hindsight", "dual"
"""Where both are among the policies, every other one is placed on the way from the first to the second."""
UNTRAINED = "untrained"
"""The neural policy before training, where it is among the policies: what is named after it is told against it too."""

Progress = Callable[[str, int, int], None]
"""Told of the policy's name, days done and days in all."""
Done = Callable[[int], None]
"""Told of so many more episode-days done."""


@dataclass(frozen=True)
class Figures:
    """What was measured in E episodes."""

    by_episode: dict[str, Floats]  # figure → [E]; `settled_cost_usd_per_day` is always there
    by_node: dict[str, Floats]  # figure → [N] means over episodes
    on_hand: Floats  # [T, N] units, the mean episode


@dataclass(frozen=True)
class Drawn:
    """Some of the episodes that were drawn together, by `settings.seed`."""

    scenario: Scenario
    split: Split
    first: int = 0  # the number of the first of them in the draw


@runtime_checkable
class ScenarioSolver(Protocol):
    """What finds its own figures on scenarios, where a policy would be run through them day by day."""

    def figures(self, world: World, drawn: Drawn, settings: EvaluationSettings, done: Done) -> Figures:
        """Figures of the scenario's episodes, of the days after warm-up.

        Args:
            world: the network and its demand.
            drawn: a scenario of `warm_up_days + days` days.
            settings: which of its days count.
            done: told of episode-days as they are done with.
        """
        ...


@runtime_checkable
class Accountable(Protocol):
    """A policy or solver that says what its decisions took."""

    @property
    def effort(self) -> str:
        """One line for people."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """Figures of every policy in every episode."""

    by_episode: dict[str, dict[str, Floats]]  # policy → figure → [E]
    by_node: dict[str, dict[str, Floats]]  # policy → figure → [N] means over episodes
    on_hand: dict[str, Floats]  # policy → [T, N] units, the mean episode
    effort: dict[str, str]  # what decisions took, of those policies that tell
    seconds: dict[str, float]
    settings: EvaluationSettings
    split: Split
    rules: tuple[str, ...] = ()  # which of the policies are rules, that others are told against

    def rows(self) -> list[dict[str, Any]]:
        """One row a policy: means, and the cost's 95 % interval; NaN for what was not measured.

        Where practice and bound are both there: also the share of the way from one to the other, with its interval.
        """
        names = dict.fromkeys(name for figures in self.by_episode.values() for name in figures)
        placed = PRACTICE in self.by_episode and BOUND in self.by_episode
        rows = []
        for policy, figures in self.by_episode.items():
            row: dict[str, Any] = {"policy": policy}
            for name in names:
                values = figures.get(name, np.full(1, np.nan))
                row[name] = known_mean(values)
                if name in ("cost_usd_per_day", "settled_cost_usd_per_day"):
                    row[f"{name}_low"], row[f"{name}_high"] = mean_interval(values)
            if placed:
                share, low, high = self._share_of_way(policy)
                row |= {"share_of_way": share, "share_of_way_low": low, "share_of_way_high": high}
            if DUAL in self.by_episode:
                row |= self._above_dual(policy)
            rows.append(row)
        return rows

    def _share_of_way(self, policy: str) -> tuple[float, float, float]:
        practice, ours, bound = (
            self.by_episode[name]["settled_cost_usd_per_day"] for name in (PRACTICE, policy, BOUND)
        )
        return ratio_interval(practice - ours, practice - bound)

    def _above_dual(self, policy: str) -> dict[str, float]:
        """What a policy costs above the dual bound, USD a day and as a share of its own cost, paired by episode."""
        ours, bound = (self.by_episode[name]["settled_cost_usd_per_day"] for name in (policy, DUAL))
        gap = ours - bound
        return _with_interval("above_dual_usd_per_day", (float(gap.mean()), *mean_interval(gap))) | _with_interval(
            "above_dual_share", ratio_interval(gap, ours)
        )

    def paired(self) -> list[dict[str, Any]]:
        """Each policy against each one named before it, episode by episode; the bound is no policy."""
        names = [name for name, figures in self.by_episode.items() if "cost_usd_per_day" in figures]
        return [self.pair(policy, baseline) for place, policy in enumerate(names) for baseline in names[:place]]

    @property
    def best_rule(self) -> str | None:
        """The rule that costs least with stock settled, on these very scenarios; None if no rule is among them."""
        cost = {name: float(self.by_episode[name]["settled_cost_usd_per_day"].mean()) for name in self.rules}
        return min(cost, key=cost.__getitem__, default=None)

    def told_pairs(self) -> list[dict[str, Any]]:
        """The pairs that a person is told: each policy against the best rule, and what is learnt against untrained.

        All pairs where there is no rule.
        """
        best, names = self.best_rule, list(self.by_episode)
        if best is None:
            return self.paired()
        policies = [name for name in names if "cost_usd_per_day" in self.by_episode[name]]
        learnt = names[names.index(UNTRAINED) + 1 :] if UNTRAINED in names else []
        wanted = [(name, best) for name in policies if name != best]
        return [self.pair(*pair) for pair in wanted + [(name, UNTRAINED) for name in learnt if name in policies]]

    def pair(self, policy: str, baseline: str) -> dict[str, Any]:
        """One policy against another, episode by episode."""
        return {"policy": policy, "baseline": baseline, **self._pair(policy, baseline)}

    def _pair(self, policy: str, baseline: str) -> dict[str, float]:
        """Ratios and differences with their intervals; `settled_…` is what policies are compared by."""
        ours, theirs = self.by_episode[policy], self.by_episode[baseline]
        pair: dict[str, float] = {}
        for cost in ("settled_cost", "cost"):
            one, other = ours[f"{cost}_usd_per_day"], theirs[f"{cost}_usd_per_day"]
            pair |= _with_interval(f"{cost}_ratio", ratio_interval(one, other))
            difference = one - other
            pair |= _with_interval(
                f"{cost}_difference_usd_per_day", (float(difference.mean()), *mean_interval(difference))
            )
        lost = "lost_sales_units_per_day"
        return pair | _with_interval("lost_sales_ratio", ratio_interval(ours[lost], theirs[lost]))

    def remarks(self) -> list[str]:
        """What a person must know before they believe the differences."""
        return remarks(self.rows())


def _with_interval(name: str, figures: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), figures, strict=True))


def evaluate(
    world: World,
    policies: Mapping[str, Policy | ScenarioSolver],
    settings: EvaluationSettings,
    *,
    split: Split = Split.TEST,
    progress: Progress | None = None,
    episodes_at_once: int = EPISODES_AT_ONCE,
) -> Evaluation:
    """Run every policy through the same scenarios, in whole units.

    Each policy warms up its own network first; those days aren't counted.

    Args:
        world: the network and its demand.
        policies: by name; a policy is compared with those named before it. What solves scenarios whole is handed the
            scenarios instead.
        settings: how many episodes, how long, from which seed.
        split: which part of the time line demand is drawn from.
        progress: told as days pass.
        episodes_at_once: so many are in memory at a time.
    """
    days = settings.warm_up_days + settings.days
    scenario = draw_scenario(
        world.network,
        world.demand,
        episodes=settings.episodes,
        days=days,
        split=split,
        seed=settings.seed,
        device=world.parameters.device,
    )
    by_episode, by_node, on_hand, effort, seconds = {}, {}, {}, {}, {}
    for name, policy in policies.items():
        started = perf_counter()
        solver = policy if isinstance(policy, ScenarioSolver) else RollOut(policy)
        done = _counted(progress, name, settings.episodes * days)
        runs = [
            solver.figures(
                world,
                Drawn(scenario.episodes_at(slice(first, first + episodes_at_once)), split, first),
                settings,
                done,
            )
            for first in range(0, settings.episodes, episodes_at_once)
        ]
        weights = [len(run.by_episode["settled_cost_usd_per_day"]) for run in runs]
        by_episode[name] = {key: np.concatenate([run.by_episode[key] for run in runs]) for key in runs[0].by_episode}
        by_node[name] = {key: _nan_average([run.by_node[key] for run in runs], weights) for key in runs[0].by_node}
        on_hand[name] = np.average([run.on_hand for run in runs], axis=0, weights=weights)
        seconds[name] = perf_counter() - started
        if isinstance(policy, Accountable):
            effort[name] = policy.effort
    rules = tuple(name for name, policy in policies.items() if isinstance(policy, MinMax | TunableRule))
    return Evaluation(by_episode, by_node, on_hand, effort, seconds, settings, split, rules)


def _counted(progress: Progress | None, policy: str, total: int) -> Done:
    """Adds up what is done, for a progress that wants to know how far."""
    so_far = 0

    def done(more: int) -> None:
        nonlocal so_far
        so_far += more
        if progress is not None:
            progress(policy, so_far, total)

    return done


@dataclass(frozen=True)
class RollOut:
    """A policy run through scenarios day by day: it warms up its own network, then its days count."""

    policy: Policy

    def figures(self, world: World, drawn: Drawn, settings: EvaluationSettings, done: Done) -> Figures:
        """Costs, settlement and KPIs, in whole units."""
        scenario = drawn.scenario
        totals = KpiTotals.start(world.parameters, scenario.episodes)
        simulation = world.simulation()
        opening = stocked(simulation, episodes=scenario.episodes)
        settlement = Settlement.start(world.parameters, opening.state)
        stock: list[Floats] = []

        def watch(lived: Lived) -> None:
            nonlocal totals, settlement
            done(scenario.episodes)
            if lived.number < settings.warm_up_days:
                settlement = Settlement.start(world.parameters, lived.state)
                return
            totals = totals.add(world.parameters, lived.state, lived.flows, lived.costs)
            settlement = settlement.add(lived.flows, lived.costs)
            stock.append(lived.state.on_hand.sum(dim=-1).mean(dim=0).cpu().numpy().astype(np.float64))

        self.policy.begin(scenario.episodes)
        end = roll_out(simulation, opening, scenario, self.policy, watch=watch)
        by_episode = {key: value.cpu().numpy() for key, value in totals.by_episode().items()}
        settled = settlement.usd(end.state).cpu().numpy() / settings.days
        by_episode["settlement_usd_per_day"] = settled
        by_episode["settled_cost_usd_per_day"] = by_episode["cost_usd_per_day"] + settled
        by_node = {key: value.nanmean(dim=0).cpu().numpy() for key, value in totals.by_node().items()}
        return Figures(by_episode, by_node, np.stack(stock))


def _nan_average(values: list[Floats], weights: list[int]) -> Floats:
    stacked, weight = np.stack(values), np.asarray(weights, np.float64)[:, None]
    known = np.isfinite(stacked)
    total = np.where(known, stacked, 0.0) * weight
    count = (known * weight).sum(axis=0)
    return np.where(count > 0, total.sum(axis=0) / np.maximum(count, 1.0), np.nan)
