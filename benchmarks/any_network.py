"""One policy on networks it never saw, against rules tuned there: `python benchmarks/any_network.py MODULE`.

The policy is a run's folder or an exported module that works covers out by itself; nothing of it is tuned where it is
judged. Every rule is. Kreen and its like are no draws; draws below 900 are neither trained on nor validated on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from machine import machine
from rich.console import Console
from rivals import table_of

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.agents.neural.settings import WORKED_OUT
from entrepot.configs.figures import write_json
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.base_stock.starts import rule_names
from entrepot.training.evaluation.evaluate import Evaluation, evaluate
from entrepot.training.experiment import BaseStockSettings, EvaluationSettings, WindowsSettings
from entrepot.training.policies import build_policies

NETWORKS = ["kreen", "kreen_eight", "cold_chain", "random-1", "random-2", "random-3"]
COST = "settled_cost_usd_per_day"
UNTRAINED = "untrained"
"""The same policy before training: the formula of covers, and what else of the policy is a rule."""


def main(
    policies: Annotated[list[str] | None, typer.Argument(help="Folders of runs or modules.")] = None,
    network: Annotated[list[str] | None, typer.Option(help="Networks by name; the six if not given.")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Rules by name; all if not given.")] = None,
    iterations: Annotated[int, typer.Option(min=1, help="Steps of tuning a rule.")] = 120,
    tuning_episodes: Annotated[int, typer.Option(min=1, help="Scenarios of a step of tuning.")] = 32,
    episodes: Annotated[int, typer.Option(min=2, help="Test scenarios.")] = 32,
    days: Annotated[int, typer.Option(min=1, help="Of each.")] = 180,
    skus: Annotated[int, typer.Option(min=1, help="The most SKUs that a network is taken with.")] = 200,
    folder: Annotated[Path, typer.Option(help="Where tuned rules are kept.")] = Path("checkpoints/base_stock"),
    tuned_only: Annotated[bool, typer.Option(help="Tune the rules, and judge nothing.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Of this process.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Tune every rule on each network and judge all on the same test scenarios."""
    torch.set_num_threads(threads)
    settings = EvaluationSettings(episodes=episodes, days=days)
    rules = rule or rule_names()
    rows: list[dict[str, Any]] = []
    paired: list[dict[str, Any]] = []
    means: list[dict[str, Any]] = []
    console = Console(width=120)
    for name in network or NETWORKS:
        world = world_named(name, skus)
        tuning = Tuning(
            settings=BaseStockSettings(iterations=iterations),
            windows=WindowsSettings(episodes=tuning_episodes),
            folder=folder,
        )
        if tuned_only:
            build_policies(rules, world, tuning)
            continue
        judged = judged_in(world, [*rules, *(policies or [])], settings, tuning)
        here = [{"network": name, **row} for row in judged.rows()]
        best = best_rule(here, rules)
        pairs = [{"network": name, **judged.pair(other, best)} for other in judged.by_episode if other != best]
        console.print(table_of(name, here, pairs, best, seconds=()))
        rows += [{**row, "tuned": tuning.budgets.get(row["policy"])} for row in here]
        paired += pairs
        means = [mean_row(policy, paired) for policy in dict.fromkeys(pair["policy"] for pair in paired)]
        means = [row for row in means if row["policy"] not in rules]
        if json_file is not None:  # after every network: a measurement that is cut short has told what it knows
            provenance = {
                **machine(),
                **settings.model_dump(),
                "tuning_iterations": iterations,
                "tuning_episodes": tuning_episodes,
                "most_skus": skus,
                "means": means,
            }
            write_json(json_file, rows, provenance=provenance, paired=paired)
    for row in means:
        console.print(
            f"{row['policy']}: mean against the best rule tuned there {row['mean_ratio'] - 1:+.1%}, worst "
            f"{row['worst_ratio'] - 1:+.1%} on {row['worst_network']} ({row['networks']} networks)"
        )


def world_named(name: str, skus: int) -> World:
    """A network with its own demand, and at most so many SKUs of its catalogue."""
    world = build_world(name)
    if len(world.network.skus) <= skus:
        return world
    return build_world(name, skus=skus)


def judged_in(world: World, names: list[str], settings: EvaluationSettings, tuning: Tuning) -> Evaluation:
    """All of the names, and the policy before training."""
    untrained = NeuralPolicy(NeuralPolicySettings(head="release", covers=WORKED_OUT)).eval()
    found = build_policies(names, world, tuning)
    tuning.budgets[UNTRAINED] = "covers by the formula; nothing was tuned or trained"
    with torch.inference_mode():
        return evaluate(world, {**found, UNTRAINED: ModuleAgent(untrained, world.attributes)}, settings)


def best_rule(rows: list[dict[str, Any]], rules: list[str]) -> str:
    """The tuned rule that costs least with stock settled."""
    return str(min((row for row in rows if row["policy"] in rules), key=lambda row: float(row[COST]))["policy"])


def mean_row(policy: str, pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy's cost over the best rule's: the geometric mean over networks, and the worst."""
    mine = [pair for pair in pairs if pair["policy"] == policy]
    worst = max(mine, key=lambda pair: float(pair["settled_cost_ratio"]))
    return {
        "policy": policy,
        "networks": len(mine),
        "mean_ratio": float(np.exp(np.mean([np.log(pair["settled_cost_ratio"]) for pair in mine]))),
        "worst_ratio": worst["settled_cost_ratio"],
        "worst_network": worst["network"],
    }


if __name__ == "__main__":
    typer.run(main)
