"""Every policy on the same held-out scenarios: one function, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.policy import Policy
from entrepot.envs.demand import Split
from entrepot.envs.kpi import KpiTotals
from entrepot.envs.opening import stocked_state
from entrepot.envs.twin import Costs, Flows, Scenario, State, draw_scenario
from entrepot.training.experiment import EvaluationSettings, World
from entrepot.training.rollout import roll_out

Floats = NDArray[np.float64]
RESAMPLES = 10_000
CONFIDENCE = 0.95
EPISODES_AT_ONCE = 128
"""So many episodes are in memory at a time; the result does not depend on it."""

Progress = Callable[[str, int, int], None]
"""Told of the policy's name, days done and days in all."""


@dataclass(frozen=True)
class Evaluation:
    """Figures of every policy in every episode."""

    by_episode: dict[str, dict[str, Floats]]  # policy → figure → [E]
    by_node: dict[str, dict[str, Floats]]  # policy → figure → [N] means over episodes
    on_hand: dict[str, Floats]  # policy → [T, N] units, the mean episode
    seconds: dict[str, float]
    settings: EvaluationSettings
    split: Split

    def rows(self) -> list[dict[str, Any]]:
        """One row a policy: means, and the cost's 95 % interval."""
        rows = []
        for policy, figures in self.by_episode.items():
            row: dict[str, Any] = {"policy": policy}
            for name, values in figures.items():
                row[name] = float(np.nanmean(values))
                if name == "cost_usd_per_day":
                    low, high = mean_interval(values)
                    row |= {"cost_usd_per_day_low": low, "cost_usd_per_day_high": high}
            rows.append(row)
        return rows

    def paired(self) -> list[dict[str, Any]]:
        """Each policy against each one named before it, episode by episode."""
        names = list(self.by_episode)
        return [
            {"policy": policy, "baseline": baseline, **self._pair(policy, baseline)}
            for place, policy in enumerate(names)
            for baseline in names[:place]
        ]

    def _pair(self, policy: str, baseline: str) -> dict[str, float]:
        ours, theirs = self.by_episode[policy], self.by_episode[baseline]
        ratio, low, high = ratio_interval(ours["cost_usd_per_day"], theirs["cost_usd_per_day"])
        lost, lost_low, lost_high = ratio_interval(ours["lost_sales_units_per_day"], theirs["lost_sales_units_per_day"])
        difference = ours["cost_usd_per_day"] - theirs["cost_usd_per_day"]
        difference_low, difference_high = mean_interval(difference)
        return {
            "cost_ratio": ratio,
            "cost_ratio_low": low,
            "cost_ratio_high": high,
            "cost_difference_usd_per_day": float(difference.mean()),
            "cost_difference_usd_per_day_low": difference_low,
            "cost_difference_usd_per_day_high": difference_high,
            "lost_sales_ratio": lost,
            "lost_sales_ratio_low": lost_low,
            "lost_sales_ratio_high": lost_high,
        }


def evaluate(
    world: World,
    policies: Mapping[str, Policy],
    settings: EvaluationSettings,
    *,
    split: Split = Split.TEST,
    progress: Progress | None = None,
) -> Evaluation:
    """Run every policy through the same scenarios, in whole units.

    Each policy warms up its own network first; those days aren't counted.

    Args:
        world: the network and its demand.
        policies: by name; a policy is compared with those named before it.
        settings: how many episodes, how long, from which seed.
        split: which part of the time line demand is drawn from.
        progress: told as days pass.
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
    by_episode, by_node, on_hand, seconds = {}, {}, {}, {}
    for name, policy in policies.items():
        started = perf_counter()
        runs = [
            _run(
                world,
                policy,
                scenario.episodes_at(slice(first, first + EPISODES_AT_ONCE)),
                settings,
                name,
                progress,
                first,
            )
            for first in range(0, settings.episodes, EPISODES_AT_ONCE)
        ]
        weights = [len(run[0]["cost_usd_per_day"]) for run in runs]
        by_episode[name] = {key: np.concatenate([run[0][key] for run in runs]) for key in runs[0][0]}
        by_node[name] = {key: _nan_average([run[1][key] for run in runs], weights) for key in runs[0][1]}
        on_hand[name] = np.average([run[2] for run in runs], axis=0, weights=weights)
        seconds[name] = perf_counter() - started
    return Evaluation(by_episode, by_node, on_hand, seconds, settings, split)


def _run(
    world: World,
    policy: Policy,
    scenario: Scenario,
    settings: EvaluationSettings,
    name: str,
    progress: Progress | None,
    first: int,
) -> tuple[dict[str, Floats], dict[str, Floats], Floats]:
    totals = KpiTotals.start(world.parameters, scenario.episodes)
    stock: list[Floats] = []

    def watch(number: int, state: State, flows: Flows, costs: Costs) -> None:
        nonlocal totals
        if progress is not None:
            progress(name, first * scenario.days + (number + 1) * scenario.episodes, settings.episodes * scenario.days)
        if number < settings.warm_up_days:
            return
        totals = totals.add(world.parameters, state, flows, costs)
        stock.append(state.on_hand.sum(dim=-1).mean(dim=0).cpu().numpy().astype(np.float64))

    opening = stocked_state(world.parameters, world.attributes, episodes=scenario.episodes)
    policy.begin(scenario.episodes)
    roll_out(world.parameters, world.attributes, opening, scenario, policy, watch=watch)
    by_episode = {key: value.cpu().numpy() for key, value in totals.by_episode().items()}
    by_node = {key: value.nanmean(dim=0).cpu().numpy() for key, value in totals.by_node().items()}
    return by_episode, by_node, np.stack(stock)


def _nan_average(values: list[Floats], weights: list[int]) -> Floats:
    stacked, weight = np.stack(values), np.asarray(weights, np.float64)[:, None]
    known = np.isfinite(stacked)
    total = np.where(known, stacked, 0.0) * weight
    count = (known * weight).sum(axis=0)
    return np.where(count > 0, total.sum(axis=0) / np.maximum(count, 1.0), np.nan)


def mean_interval(values: Floats) -> tuple[float, float]:
    """95 % interval of the mean, by resampling episodes."""
    means = values[_resampled(len(values))].mean(axis=1)
    low, high = np.quantile(means, _tails())
    return float(low), float(high)


def ratio_interval(ours: Floats, theirs: Floats) -> tuple[float, float, float]:
    """Ratio of the means and its 95 % interval, by resampling episodes, both policies' together (Efron 1979)."""
    index = _resampled(len(ours))
    denominator = theirs[index].mean(axis=1)
    ratios = ours[index].mean(axis=1) / np.where(denominator == 0, np.nan, denominator)
    low, high = np.nanquantile(ratios, _tails())
    return float(ours.mean() / theirs.mean()) if theirs.mean() else float("nan"), float(low), float(high)


def _resampled(episodes: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, episodes, (RESAMPLES, episodes))


def _tails() -> tuple[float, float]:
    return (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
