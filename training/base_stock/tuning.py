"""Tune a rule: a few figures from each start, then each cell's from the best; what validates best is kept."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import torch
from torch import Tensor

from entrepot.agents.rules.rule import TunableRule
from entrepot.envs.demand import Split
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World
from entrepot.training.base_stock.descent import Descent, descend
from entrepot.training.base_stock.file import TunedRule
from entrepot.training.base_stock.starts import RuleInUse
from entrepot.training.evaluation.evaluate import Drawn, RollOut
from entrepot.training.evaluation.validation import at_levels
from entrepot.training.experiment import BaseStockSettings, EvaluationSettings, ValidationSettings, WindowsSettings

STARTING_SHARE = 0.4
"""Of the steps, for all starts together."""
LEVELS = ValidationSettings().levels
"""Of demand, on which what was found is compared, unless the windows say that its level is known and stays."""


def tune_rule(
    rule: RuleInUse,
    world: World,
    windows: WindowsSettings,
    settings: BaseStockSettings,
    *,
    seed: int,
    progress: Callable[[int, float], None] | None = None,
) -> TunedRule:
    """Tune a rule's figures, with the same budget whichever rule it is.

    From each start a few figures are tuned, one for all of a node's cheapest ways and one for all other ways; from the
    best of them, one a lane and SKU. Where a fast lane is never used at first, no gradient tells what its use would be
    worth; another start may. Where the history is short, many figures learn its chances by heart: what is kept is
    whatever costs least, with stock settled, on scenarios of the validation window.

    Args:
        rule: the rule and its starts.
        world: the network and its demand; no test scenario is drawn.
        windows: shape of the training windows, as for the neural policy.
        settings: the budget.
        seed: of the scenarios, the same for each start.
        progress: told of each iteration and its loss.
    """
    started = perf_counter()
    openings = rule.openings(world.attributes, settings.starts)
    first = int(STARTING_SHARE * settings.steps / len(openings))
    done = 0

    def descended(opening: dict[str, Tensor], iterations: int, *, by_cell: bool) -> Descent:
        nonlocal done
        before, done = done, done + iterations

        def told(iteration: int, loss: float) -> None:
            if progress is not None:
                progress(before + iteration, loss)

        return descend(
            rule.rule,
            world,
            windows,
            settings,
            opening,
            iterations=iterations,
            by_cell=by_cell,
            seed=seed,
            progress=told,
        )

    trials = [descended(opening, first, by_cell=False) for opening in openings] if first else []
    best = min(trials, key=lambda trial: trial.closing_loss).figures if trials else openings[0]
    last = descended(best, settings.steps - first * len(trials), by_cell=True)
    # Where the budget has no step for each start, few figures were not tuned, and there is nothing to choose from.
    chosen = _cheapest(rule.rule, world, windows, [best, last.figures], seed=seed) if trials else last.figures
    days = sum(trial.environment_days for trial in [*trials, last])
    return TunedRule(rule.name, rule.kind, chosen, settings.steps, days, perf_counter() - started)


def _cheapest(
    rule: type[TunableRule], world: World, windows: WindowsSettings, found: list[dict[str, Tensor]], *, seed: int
) -> dict[str, Tensor]:
    """Of several figures those that cost least on validation scenarios, of several levels where the level may move."""
    settings = EvaluationSettings(
        episodes=max(2, windows.episodes), days=windows.days, warm_up_days=windows.warm_up_days
    )
    scenario = draw_scenario(
        world.network,
        world.demand,
        episodes=settings.episodes,
        days=settings.warm_up_days + settings.days,
        split=Split.VALIDATION,
        seed=seed,
        device=world.parameters.device,
    )
    levels = LEVELS if windows.level_deviation else [1.0]
    drawn = Drawn(at_levels(scenario, levels, seed=seed), Split.VALIDATION)
    with torch.no_grad():
        costs = [
            RollOut(rule(world.attributes, figures)).figures(world, drawn, settings, lambda _: None)
            for figures in found
        ]
    usd = [float(cost.by_episode["settled_cost_usd_per_day"].mean()) for cost in costs]
    return found[min(range(len(found)), key=usd.__getitem__)]
