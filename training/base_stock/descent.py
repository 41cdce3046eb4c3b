"""Gradient descent of a rule's figures on training windows, with the gradients that train the neural policy too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from entrepot.agents.rules.figures import Figure, for_skus
from entrepot.agents.rules.rule import TunableRule, Tuning
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.world import World
from entrepot.training.experiment import BaseStockSettings, WindowsSettings
from entrepot.training.pathwise.window import horizon_days, window_cost
from entrepot.training.pathwise.windows import Windows

CLOSING_SHARE = 0.25
"""Of the steps, the last whose mean loss is compared."""


@dataclass(frozen=True)
class Descent:
    """Where gradient descent came to."""

    figures: dict[str, Tensor]
    closing_loss: float  # mean over the last windows
    environment_days: int


def descend(
    rule: type[TunableRule],
    world: World,
    windows: WindowsSettings,
    settings: BaseStockSettings,
    opening: Mapping[str, Tensor],
    *,
    iterations: int,
    by_cell: bool,
    seed: int,
    progress: Callable[[int, float], None],
) -> Descent:
    """Tune figures from an opening.

    Args:
        rule: whose figures.
        world: the network and its demand; only training scenarios are drawn.
        windows: shape of the training windows, as for the neural policy.
        settings: learning rate and smoothing.
        opening: the figures.
        iterations: gradient steps.
        by_cell: each figure of a lane and SKU by itself; else those of the cheapest ways together, and those of the
            others together.
        seed: of the scenarios, the same for each start.
        progress: told of each iteration and its loss.
    """
    free = _Free(rule.tuned, opening, world.attributes, by_cell=by_cell)
    optimiser = torch.optim.Adam(free.leaves, lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, iterations))
    stream = Windows(world, windows, seed=seed)
    horizon = horizon_days(world.network)
    chance = torch.Generator(world.parameters.device)

    def decide(
        attributes: NetworkAttributes, chosen: Tensor, snapshot: Snapshot, seen: Tensor
    ) -> tuple[Decisions, Tensor | None]:
        tuned = rule(attributes, for_skus(rule.tuned, free.figures(), chosen))
        ordered = tuned.ordered(snapshot, Tuning(settings.smoothing_days, seen, chance))
        return Decisions(ordered.orders), ordered.departs

    def so_far(attributes: NetworkAttributes, chosen: Tensor) -> TunableRule:
        return rule(attributes, for_skus(rule.tuned, free.found(), chosen))

    losses: list[float] = []
    days = 0
    for iteration, window in zip(range(iterations), stream.stream(so_far), strict=False):
        chance.manual_seed(seed * 1_000_003 + iteration)
        result = window_cost(
            window.simulation,
            window.present,
            window.scenario,
            partial(decide, window.simulation.attributes, window.chosen),
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
        progress(iteration + 1, losses[-1])
    closing = losses[-max(1, round(CLOSING_SHARE * len(losses))) :]
    return Descent(free.found(), sum(closing) / max(1, len(closing)), days)


class _Free:
    """Figures on scales without bounds, and by how much each is moved."""

    def __init__(
        self,
        tuned: Mapping[str, Figure],
        opening: Mapping[str, Tensor],
        attributes: NetworkAttributes,
        *,
        by_cell: bool,
    ) -> None:
        self._tuned = tuned
        self._opening = {name: figure.free(opening[name]) for name, figure in tuned.items()}
        self._cheapest = attributes.lane_primary
        self._moved = {
            name: torch.zeros_like(self._opening[name])
            if by_cell or figure.axes in ("", "T")
            else self._opening[name].new_zeros(2 if figure.axes == "LS" else 1)
            for name, figure in tuned.items()
        }
        self.leaves = [leaf.requires_grad_() for leaf in self._moved.values()]

    def figures(self) -> dict[str, Tensor]:
        """As they are now, with gradients."""
        found = {}
        for name, figure in self._tuned.items():
            moved = self._moved[name]
            if figure.axes == "LS" and moved.ndim == 1:
                moved = torch.lerp(moved[1], moved[0], self._cheapest)
            found[name] = figure.bounded(self._opening[name] + moved)
        return found

    def found(self) -> dict[str, Tensor]:
        """As they are now."""
        return {name: value.detach() for name, value in self.figures().items()}
