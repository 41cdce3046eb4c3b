"""Warnings of stock-outs before they come, on the twin: what `forecasts.py` measures of them.

A rule plays; at the start of each day every method says of each node and SKU how near a stock-out is. What is near
enough to warn is chosen on validation scenarios, for each method the threshold with the highest F1; then it is judged
on test scenarios. Cells that are sold out already are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from entrepot.agents.policy import Policy
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.kpi import SMALLEST_UNITS
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.snapshot.forecast import KnownDemand
from entrepot.envs.snapshot.forecast.running_out import chances_by
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]
SPANS = (1, 3, 7, 14, 21, 28)
"""Days ahead at which stock is set against demand; a node counts up to the first that is its lead time or more."""
DAILY = 56
"""Days of demand that are remembered for seasonal naive."""
RESAMPLES = 500


@dataclass(frozen=True)
class Played:
    """T days of C cells: a node and SKU of an episode each."""

    out: NDArray[np.bool_]  # [T, C] customers found too little at their first node
    empty: NDArray[np.bool_]  # [T, C] nothing was there as the day began, or customers went without the day before
    scores: dict[str, Scores]  # by method: [T, C], the higher the nearer is a stock-out
    within: NDArray[np.int64]  # [C] days ahead that count


def play(
    world: World, policy: Policy, *, split: Split, episodes: int, days: int, warm_up_days: int, seed: int
) -> Played:
    """Run a rule through scenarios, and ask each method every day."""
    scenario = draw_scenario(
        world.network, world.demand, episodes=episodes, days=warm_up_days + days, split=split, seed=seed
    )
    attributes, direct = world.attributes, world.network.market.direct_share
    nodes = np.flatnonzero(direct.any(axis=1))
    lead = np.full(len(direct), np.inf)
    np.minimum.at(lead, attributes.lane_destination.numpy(), attributes.lane_lead_days.numpy())
    within = np.searchsorted(SPANS, np.minimum(lead[nodes], SPANS[-1]))  # place of the span
    long_run = {
        "mean": attributes.demand_mean.numpy().astype(np.float64),
        "deviation": attributes.demand_deviation.numpy().astype(np.float64),
    }
    daily: list[Floats] = []
    out, empty, scores = [], [], {}
    before = np.zeros((episodes, len(nodes), len(world.network.skus)), np.bool_)
    number = 0

    def decide(snapshot: Snapshot) -> Decisions:
        if number >= warm_up_days:
            arrays = snapshot_arrays(snapshot)
            there = arrays["on_hand"] + arrays["dock"]
            due = arrays["pipeline"].cumsum(axis=-1)
            last = due.shape[-1] - 1
            by_span = np.stack([there + due[..., min(span - 1, last)] for span in SPANS])[:, :, nodes]
            known = KnownDemand.of_snapshot(arrays, **long_run)
            at_nodes = known.through(direct[nodes])
            remembered = KnownDemand(**{**at_nodes.__dict__, "daily": np.stack(daily[-DAILY:])})
            place = (within, slice(None), np.arange(len(nodes)))
            for name, found in _asked(at_nodes, remembered, by_span).items():
                scores.setdefault(name, []).append(np.moveaxis(found[place], 0, 1).astype(np.float32))
            empty.append((there[:, nodes] <= 0) | before)
        return policy.decide(snapshot)

    def watch(lived: Lived) -> None:
        nonlocal number, before
        number += 1
        flows = lived.flows
        asked = flows.demand.numpy()
        daily.append(np.einsum("nm,bms->bns", direct[nodes], asked).astype(np.float64))
        wanted = flows.served.sum(dim=0) + flows.lost + lived.state.backlog
        short = ((wanted - flows.served[0]) * (flows.demand > 0)).numpy()
        before = np.einsum("nm,bms->bns", direct[nodes], short) > SMALLEST_UNITS
        if lived.number >= warm_up_days:
            out.append(before)

    policy.begin(episodes)
    simulation = world.simulation()
    with torch.inference_mode():
        reads = frozenset({Costly.PIPELINE}) | policy.reads
        simulation.run(stocked(simulation, episodes=episodes), scenario, decide, reads=reads, watch=watch)

    def flat(values: list[Any]) -> NDArray[Any]:
        return np.stack(values).reshape(len(values), -1)

    spans = np.asarray(SPANS)[within]
    cells = np.broadcast_to(spans[None, :, None], before.shape).ravel()
    return Played(flat(out), flat(empty), {name: flat(found) for name, found in scores.items()}, cells)


def _asked(known: KnownDemand, remembered: KnownDemand, there: Floats) -> dict[str, Floats]:
    """[H, B, N, S] of each method."""
    month = np.asarray(SPANS).reshape(-1, 1, 1, 1) * known.slow
    return {
        "seasonal_naive": chances_by(remembered, SPANS, there, method="seasonal_naive"),
        # Twice what is needed scores 0.5; what alerts went by before there were forecasts is a threshold of 1.
        "mean_of_28_days": np.maximum.accumulate(month / np.maximum(there, 1e-3), axis=0),
        "exponential": chances_by(known, SPANS, there, method="exponential"),
        "negative_binomial": chances_by(known, SPANS, there, method="negative_binomial"),
    }


def coming(played: Played) -> NDArray[np.bool_]:
    """[T, C] whether a cell sells out on one of the days that count, from each day on."""
    total = np.concatenate([np.zeros_like(played.out[:1], np.int32), played.out.cumsum(axis=0, dtype=np.int32)])
    day = np.arange(len(played.out))[:, None]
    end = np.minimum(day + played.within, len(played.out))
    return np.asarray(np.take_along_axis(total, end, axis=0) - total[:-1] > 0)


def looked_at(played: Played) -> NDArray[np.bool_]:
    """[T, C] cells that are not sold out yet, on days after which all days that count were played."""
    day = np.arange(len(played.out))[:, None]
    return np.asarray(~played.empty & (day + played.within <= len(played.out)))


def best_threshold(played: Played, method: str) -> float:
    """Of the highest F1 over cell-days."""
    chosen = looked_at(played)
    score, true = played.scores[method][chosen], coming(played)[chosen]
    order = np.argsort(-score, kind="stable")
    hits = true[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + true.sum())
    return float(score[order][int(np.argmax(f1))])


def judged(played: Played, method: str, threshold: float) -> dict[str, Any]:
    """Precision, recall, and days of warning; intervals by resampling cells."""
    chosen, true = looked_at(played), coming(played)
    warned = chosen & (played.scores[method] >= threshold)
    warnings, hits = warned.sum(axis=0), (warned & true).sum(axis=0)
    onset, found, days = _onsets(played, warned)
    again = np.random.default_rng(0).integers(0, len(warnings), (RESAMPLES, len(warnings)))

    def with_interval(name: str, above: Floats, below: Floats) -> dict[str, float]:
        ratio = above[again].sum(axis=1) / np.maximum(below[again].sum(axis=1), 1)
        low, high = np.quantile(ratio, (0.025, 0.975))
        value = float(above.sum() / max(float(below.sum()), 1.0))
        return {name: value, f"{name}_low": float(low), f"{name}_high": float(high)}

    return {
        **with_interval("precision", hits, warnings),
        **with_interval("recall", found, onset),
        **with_interval("days_of_warning", days, found),
        "average_precision": _average_precision(played.scores[method][chosen], true[chosen]),
        "stock_outs": int(onset.sum()),
        "cell_days_warned_share": float(warned.sum() / max(chosen.sum(), 1)),
        "cell_days_before_stock_out_share": float(true[chosen].mean()),
    }


def _onsets(played: Played, warned: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """[C] stock-outs that began, those warned of a day before at least, and days from the first warning.

    A stock-out begins where there was none on the days that count before it; those whose days lie before the first day
    that was played are left out.
    """
    days, cells = played.out.shape
    total = np.concatenate([np.zeros((1, cells), np.int32), played.out.cumsum(axis=0, dtype=np.int32)])
    day = np.arange(days)[:, None]
    start = np.maximum(day - played.within, 0)
    fresh = np.take_along_axis(total, start, axis=0) == total[:-1]
    begins = played.out & fresh & (day >= played.within)
    # The first warning within the days that count, by walking back from the latest of each day's.
    next_warning = np.full((days + 1, cells), 10**6, np.int64)
    for today in range(days - 1, -1, -1):
        next_warning[today] = np.where(warned[today], today, next_warning[today + 1])
    first = np.take_along_axis(next_warning, start, axis=0)
    ahead = np.where(begins & (first < day), day - first, 0)
    return begins.sum(axis=0).astype(float), (ahead > 0).sum(axis=0).astype(float), ahead.sum(axis=0).astype(float)


def _average_precision(score: Scores, true: NDArray[np.bool_]) -> float:
    """Mean precision at each cell-day before a stock-out, in the order of the scores."""
    order = np.argsort(-score, kind="stable")
    hit = true[order]
    precision = hit.cumsum() / np.arange(1, len(hit) + 1)
    return float(precision[hit].mean()) if hit.any() else float("nan")


def warning_rows(
    world: World, rules: dict[str, Callable[[], Policy]], *, episodes: int, days: int, warm_up_days: int, seed: int
) -> list[dict[str, Any]]:
    """A row for each rule and method."""
    rows = []
    for rule, made in rules.items():
        length = {"episodes": episodes, "days": days, "warm_up_days": warm_up_days, "seed": seed}
        tried = play(world, made(), split=Split.VALIDATION, **length)
        tested = play(world, made(), split=Split.TEST, **length)
        for method in tested.scores:
            threshold = best_threshold(tried, method)
            rows.append(
                {
                    "case": "warning",
                    "rule": rule,
                    "method": method,
                    "threshold": threshold,
                    **judged(tested, method, threshold),
                }
            )
    return rows
