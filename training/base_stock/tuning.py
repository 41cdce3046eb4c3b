"""Tune the base-stock rule on training scenarios, cell by cell, with the gradients that train the neural policy too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import torch
from torch import Tensor

from entrepot.agents.rules import BaseStock
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.world import World
from entrepot.training.base_stock.file import TunedBaseStock
from entrepot.training.experiment import BaseStockSettings, WindowsSettings
from entrepot.training.pathwise.window import horizon_days, window_cost
from entrepot.training.pathwise.windows import Window, Windows

OPENING_SCALE = 1.2
"""The textbook cover times this is where tuning starts: the best single factor on kreen's training scenarios."""
CLOSING_SHARE = 0.25
"""Of the steps from each start, the last whose mean loss is compared."""


def tune_base_stock(
    world: World,
    windows: WindowsSettings,
    settings: BaseStockSettings,
    *,
    seed: int,
    progress: Callable[[int, float], None] | None = None,
) -> TunedBaseStock:
    """Tune one cover for each lane and SKU, from each of the starts; what cost least at the end is kept.

    Where a fast lane is never used at first, no gradient tells what its use would be worth; another start may.

    Args:
        world: the network and its demand; only training scenarios are drawn.
        windows: shape of the training windows, as for the neural policy.
        settings: the budget.
        seed: of the scenarios, the same for each start.
        progress: told of each iteration and its loss.
    """
    started = perf_counter()
    textbook = OPENING_SCALE * world.attributes.base_cover_days
    descents = []
    for number, factor in enumerate(settings.starts):
        opening = torch.where(world.attributes.lane_primary > 0.5, textbook, factor * textbook)
        told = None if progress is None else partial(_told, progress, number * settings.iterations)
        descents.append(_descend(world, windows, settings, opening, seed=seed, progress=told))
    best = min(descents, key=lambda descent: descent.closing_loss)
    days = sum(descent.environment_days for descent in descents)
    return TunedBaseStock(best.cover, settings.steps, days, perf_counter() - started)


def _told(progress: Callable[[int, float], None], before: int, iteration: int, loss: float) -> None:
    progress(before + iteration, loss)


@dataclass(frozen=True)
class _Descent:
    """Where gradient descent came to from one start."""

    cover: Tensor  # [L, S] days
    closing_loss: float  # mean over the last windows, which are the same scenarios for each start
    environment_days: int


def _descend(
    world: World,
    windows: WindowsSettings,
    settings: BaseStockSettings,
    opening: Tensor,
    *,
    seed: int,
    progress: Callable[[int, float], None] | None,
) -> _Descent:
    scale = torch.zeros_like(opening, requires_grad=True)
    optimiser = torch.optim.Adam([scale], lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, settings.iterations))
    stream = Windows(world, windows, seed=seed)
    horizon = horizon_days(world.network)
    chosen = torch.arange(opening.shape[1])
    days = 0
    losses: list[float] = []

    def decide(attributes: NetworkAttributes, snapshot: Snapshot, seen: Tensor) -> tuple[Decisions, Tensor | None]:
        cover = (opening * torch.exp(scale))[:, chosen]
        cover = torch.where(seen[:, None] > 0.5, cover, cover.detach())
        rate = demand_rate(attributes, snapshot)
        orders = orders_from_cover(attributes, snapshot, cover, rate, smoothing_days=settings.smoothing_days)
        return Decisions(orders), None

    def rule(attributes: NetworkAttributes, taken: Tensor) -> BaseStock:
        return BaseStock(attributes, (opening * torch.exp(scale)).detach()[:, taken])

    windows_of_rule = stream.stream(rule)
    for iteration in range(settings.iterations):
        window: Window = next(windows_of_rule)
        chosen = window.chosen
        result = window_cost(
            window.simulation,
            window.present,
            window.scenario,
            partial(decide, window.simulation.attributes),
            horizon=horizon,
            scale_usd=window.scale_usd,
            advance_days=windows.advance_days,
        )
        optimiser.zero_grad()
        result.loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        stream.carry_on(result.following)
        days += window.scenario.episodes * window.scenario.days
        losses.append(float(result.loss.detach()))
        if progress is not None:
            progress(iteration + 1, losses[-1])
    closing = losses[-max(1, round(CLOSING_SHARE * len(losses))) :]
    return _Descent((opening * torch.exp(scale)).detach(), sum(closing) / max(1, len(closing)), days)
