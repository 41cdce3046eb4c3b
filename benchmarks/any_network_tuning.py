"""Fine-tuning on one network of a policy that works its covers out: `python benchmarks/any_network_tuning.py NAME`.

The curve is of validation scenarios, by step and by seconds of training; what validated best is judged on the test
scenarios, beside the policy that tuning began with and a rule tuned on the network.
"""

from __future__ import annotations

import copy
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import torch
import typer
from any_network import UNTRAINED, world_named
from machine import machine
from rich.console import Console
from torch import nn

from entrepot.agents.module_agent import ModuleAgent
from entrepot.configs.figures import write_json
from entrepot.envs.demand import Split
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.evaluation.evaluate import Drawn, RollOut, evaluate
from entrepot.training.evaluation.validation import at_levels
from entrepot.training.experiment import (
    BaseStockSettings,
    EvaluationSettings,
    ExperimentSettings,
    ValidationSettings,
    WindowsSettings,
    compose_experiment,
)
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.pathwise.start import policy_to_start_from
from entrepot.training.policies import build_policies

COST = "settled_cost_usd_per_day"
TUNED = "fine-tuned"


def main(
    network: Annotated[str, typer.Argument(help="By name.")],
    start: Annotated[Path | None, typer.Option(help="A run's folder; the formula alone if not given.")] = None,
    steps: Annotated[int, typer.Option(min=1)] = 40,
    every: Annotated[int, typer.Option(min=1, help="Steps between validations.")] = 8,
    learning_rate: Annotated[float, typer.Option(min=0)] = 0.002,
    training_episodes: Annotated[int, typer.Option(min=1, help="Scenarios of a step.")] = 8,
    rule: Annotated[list[str] | None, typer.Option(help="Rules that are tuned there; s_S if none is named.")] = None,
    iterations: Annotated[int, typer.Option(min=1, help="Steps of tuning a rule.")] = 30,
    tuning_episodes: Annotated[int, typer.Option(min=1, help="Scenarios of a step of tuning.")] = 8,
    episodes: Annotated[int, typer.Option(min=2, help="Scenarios of validation, and of the test.")] = 16,
    days: Annotated[int, typer.Option(min=1, help="Of each.")] = 150,
    skus: Annotated[int, typer.Option(min=1, help="The most SKUs that a network is taken with.")] = 12,
    folder: Annotated[Path, typer.Option(help="Where tuned rules are kept.")] = Path("checkpoints/base_stock"),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Train from the policy on the network, and tell cost by time."""
    torch.set_num_threads(1)
    world = world_named(network, skus)
    experiment = compose_experiment(
        [
            "trainer=pathwise",
            f"network={network}",
            "policy.covers=worked_out",
            f"trainer.iterations={steps}",
            f"trainer.learning_rate={learning_rate}",
            "trainer.lost_sales_weight=1",
            f"windows.episodes={training_episodes}",
            f"windows.skus={skus}",
            *([] if start is None else [f"trainer.start={start}"]),
        ]
    )
    learner = Learner(
        experiment, PathwiseSettings.of(experiment.trainer), world, start=policy_to_start_from(experiment)
    )
    before = copy.deepcopy(learner.module).eval()
    settings = EvaluationSettings(episodes=episodes, days=days)
    curve, best = _learn(learner, world, steps, every, _scenario(world, settings), settings, experiment)
    tuning = Tuning(
        settings=BaseStockSettings(iterations=iterations),
        windows=WindowsSettings(episodes=tuning_episodes),
        folder=folder,
    )
    found = build_policies(rule or ["s_S"], world, tuning)
    name = UNTRAINED if start is None else start.name
    mine = {name: ModuleAgent(before, world.attributes), TUNED: ModuleAgent(best, world.attributes)}
    with torch.inference_mode():
        judged = evaluate(world, {**found, **mine}, settings)
    console = Console(width=120)
    for point in curve:
        console.print(f"step {point['step']}: {point['seconds']:.0f} s, {point[COST]:.1f} USD a day in validation")
    paired = [{"network": network, **judged.pair(TUNED, other)} for other in judged.by_episode if other != TUNED]
    for pair in paired:
        low, high = pair["settled_cost_ratio_low"] - 1, pair["settled_cost_ratio_high"] - 1
        console.print(
            f"{TUNED} against {pair['baseline']}: {pair['settled_cost_ratio'] - 1:+.1%} ({low:+.1%} to {high:+.1%})"
        )
    if json_file is not None:
        provenance: dict[str, Any] = {
            **machine(),
            **settings.model_dump(),
            "trainer": experiment.trainer.model_dump(mode="json") | {"start": None if start is None else start.name},
            "windows": experiment.windows.model_dump(),
            "tuning_iterations": iterations,
            "tuning_episodes": tuning_episodes,
            "most_skus": skus,
        }
        rows = [{"network": network, **row, "tuned": tuning.budgets.get(row["policy"])} for row in judged.rows()]
        write_json(json_file, rows, provenance=provenance, paired=paired, curve=curve)


def _learn(
    learner: Learner,
    world: World,
    steps: int,
    every: int,
    scenario: Scenario,
    settings: EvaluationSettings,
    experiment: ExperimentSettings,
) -> tuple[list[dict[str, float]], nn.Module]:
    """The curve, and the policy that validated best."""
    curve = [{"step": 0, "seconds": 0.0, COST: _cost(learner.module, world, scenario, settings)}]
    best, seconds = copy.deepcopy(learner.module).eval(), 0.0
    for step in range(1, steps + 1):
        begun = perf_counter()
        learner.step()
        seconds += perf_counter() - begun
        if step % every == 0 or step == steps:
            cost = _cost(learner.module, world, scenario, settings)
            if cost < min(point[COST] for point in curve):
                best = copy.deepcopy(learner.module).eval()
            curve.append({"step": step, "seconds": seconds, COST: cost})
    return curve, best


def _scenario(world: World, settings: EvaluationSettings) -> Scenario:
    scenario = draw_scenario(
        world.network,
        world.demand,
        episodes=settings.episodes,
        days=settings.warm_up_days + settings.days,
        split=Split.VALIDATION,
        seed=settings.seed,
    )
    return at_levels(scenario, ValidationSettings().levels, seed=settings.seed)


@torch.no_grad()
def _cost(module: nn.Module, world: World, scenario: Scenario, settings: EvaluationSettings) -> float:
    """USD a day with stock settled."""
    run = RollOut(ModuleAgent(module, world.attributes))
    found = run.figures(world, Drawn(scenario, Split.VALIDATION), settings, lambda _: None)
    return float(found.by_episode[COST].mean())


if __name__ == "__main__":
    typer.run(main)
