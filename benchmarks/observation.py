"""What not knowing demand costs, and what an estimate of it gets back: `python benchmarks/observation.py --json FILE`.

A base stock and the released policy of kreen live through the same test scenarios, seeing all (`exact`) or what a live
system sees, with three ways to take sales for demand: the estimate of `as_live`, sales as they are (`sales`), and
statistics that stand still on days that ran out (`frozen`). Told of each: how far `demand_slow` is from what it would
be were demand known, cost, and lost sales, paired with `exact`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from machine import machine
from rich.console import Console
from rich.table import Table
from torch import Tensor

from entrepot.agents.exported import find_module
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock
from entrepot.configs.figures import write_json
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.kpi import KpiTotals
from entrepot.envs.observe.as_live import AsLive, LiveKnowledge
from entrepot.envs.observe.knowledge import Knowledge
from entrepot.envs.observe.model import AS_LIVE, EXACT, register_observation_model
from entrepot.envs.opening import stocked
from entrepot.envs.settlement import Settlement
from entrepot.envs.simulation import Lived
from entrepot.envs.snapshot.lost_demand import Asked
from entrepot.envs.twin import Day, Flows, Scenario, State, draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.evaluation.evaluate import ScenarioSolver
from entrepot.training.evaluation.intervals import mean_interval, ratio_interval
from entrepot.training.experiment import BaseStockSettings
from entrepot.training.policies import build_policies, released_folder
from entrepot.training.rollout import roll_out
from entrepot.training.trainers.runs import kept_cover

NETWORK = "kreen"
RELEASED = str(released_folder() / f"{NETWORK}-pathwise")
OWN_COVERS = "base_stock_released"
AT_ONCE = 32
Floats = np.ndarray[Any, np.dtype[np.float64]]
Row = dict[str, Any]


@register_observation_model("sales")
class Sales(AsLive):
    """Takes what was sold for what was asked for."""

    def estimate(self, known: Knowledge, sales: Tensor, sold_out: Tensor, day: Day) -> Asked:
        """Sales."""
        return Asked(sales, sales.square())


@register_observation_model("frozen")
class Frozen(Sales):
    """Learns nothing of a market's SKU on a day on which it ran out."""

    def learn(
        self, memory: LiveKnowledge, state: State, flows: Flows, day: Day, *, overwrite: bool = False
    ) -> LiveKnowledge:
        """As it was, where sold out."""
        after = super().learn(memory, state, flows, day, overwrite=overwrite)
        short = self.sold_out(memory, state, flows, day)
        stands = {
            name: torch.where(short, getattr(memory.demand, name), getattr(after.demand, name))
            for name in Knowledge.axes()
            if getattr(memory.demand, name) is not None
        }
        return replace(after, demand=Knowledge(**stands))


OBSERVATIONS = (EXACT, AS_LIVE, "sales", "frozen")


@dataclass(frozen=True)
class Measured:
    """By episode: costs settled, lost share; and of the estimate over all cells and days."""

    usd: Floats
    lost_share: Floats
    bias: Floats  # of demand_slow, share of mean demand
    error: Floats  # its root mean square over cells and days, in units a day


def live_through(world: World, policy: Policy, scenario: Scenario, *, warm_up_days: int, days: int) -> Measured:
    """A policy's days under the world's observation model."""
    simulation = world.simulation()
    opening = stocked(simulation, episodes=scenario.episodes)
    totals, settlement = (
        KpiTotals.start(world.parameters, scenario.episodes),
        Settlement.start(world.parameters, opening.state),
    )
    truth = Knowledge.opening(world.attributes.demand_mean, episodes=scenario.episodes)
    off = torch.zeros(3, scenario.episodes, dtype=torch.float64)

    def watch(lived: Lived) -> None:
        nonlocal totals, settlement, truth, off
        truth = truth.after(lived.flows.demand)
        if lived.number < warm_up_days:
            settlement = Settlement.start(world.parameters, lived.state)
            return
        totals = totals.add(world.parameters, lived.state, lived.flows, lived.costs)
        settlement = settlement.add(lived.flows, lived.costs)
        memory = lived.present.memory
        known = memory.demand if isinstance(memory, LiveKnowledge) else memory
        assert isinstance(known, Knowledge)
        apart = (known.demand_slow - truth.demand_slow).double()
        off += torch.stack([apart.mean((1, 2)), apart.square().mean((1, 2)), truth.demand_slow.double().mean((1, 2))])

    policy.begin(scenario.episodes)
    end = roll_out(simulation, opening, scenario, policy, watch=watch)
    found = {name: value.numpy() for name, value in totals.by_episode().items()}
    usd = found["cost_usd_per_day"] + settlement.usd(end.state).numpy() / days
    bias, square, mean = (off / days).numpy()
    return Measured(usd, found["lost_share"], bias / mean, square)


def main(
    episodes: Annotated[int, typer.Option(min=2, help="Test scenarios.")] = 64,
    days: Annotated[int, typer.Option(min=1, help="Days that count.")] = 180,
    warm_up_days: Annotated[int, typer.Option(min=0, help="Days before them.")] = 90,
    history: Annotated[str | None, typer.Option(help="A sales history; the generator if not given.")] = None,
    skus: Annotated[int | None, typer.Option(min=1, help="Of the catalogue; the network's own number if none.")] = None,
    policies: Annotated[
        str,
        typer.Option(
            help="Comma-separated: as `entrepot evaluate` takes them; released, and base_stock_released, a base stock "
            "of the covers that were tuned with it."
        ),
    ] = f"{OWN_COVERS},released",
    base_stock: Annotated[
        str | None,
        typer.Option(help="Where base_stock was tuned before, if it is among them; tuned anew if none."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenarios.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure, print, and write."""
    world = build_world(NETWORK, DemandSettings(path=history), skus=skus)
    tuning = Tuning(BaseStockSettings(path=base_stock))
    names = [RELEASED if name == "released" else name for name in policies.split(",") if name != OWN_COVERS]
    judged = dict(build_policies(names, world, tuning))
    if OWN_COVERS in policies.split(","):
        judged = {OWN_COVERS: _released_covers(world), **judged}
    rows: list[Row] = []
    paired: list[Row] = []
    for name, policy in judged.items():
        assert not isinstance(policy, ScenarioSolver)
        found = {}
        for observation in OBSERVATIONS:
            seen = replace(world, observation=observation)
            parts = []
            for first in range(0, episodes, AT_ONCE):
                scenario = draw_scenario(
                    world.network,
                    world.demand,
                    episodes=min(AT_ONCE, episodes - first),
                    days=warm_up_days + days,
                    split=Split.TEST,
                    seed=seed + first,
                )
                parts.append(live_through(seen, policy, scenario, warm_up_days=warm_up_days, days=days))
            measured = Measured(
                *(np.concatenate(part) for part in zip(*(vars(p).values() for p in parts), strict=True))
            )
            found[observation] = measured
            rows.append({"policy": name, "observation": observation, **_row(measured)})
            if observation != EXACT:
                pair = ratio_interval(measured.usd, found[EXACT].usd)
                paired.append(
                    {"policy": f"{name}, {observation}", "baseline": f"{name}, {EXACT}", **_named("cost_ratio", pair)}
                )
    _print(rows, paired)
    if json_file is not None:
        provenance = {
            **machine(), "network": NETWORK, "skus": len(world.network.skus), "episodes": episodes, "days": days,
            "warm_up_days": warm_up_days, "seed": seed, "split": str(Split.TEST), "demand": world.demand.summary,
            "policies": tuning.budgets,
        }  # fmt: skip
        write_json(json_file, rows, provenance=provenance, paired=paired)


def _released_covers(world: World) -> Policy:
    module = find_module(Path(RELEASED))
    assert module is not None
    cover, demand = (torch.tensor(module.network[name]) for name in ("base_cover_days", "demand_mean"))
    own = kept_cover(cover, demand, module.manifest.names, world)
    if own is None:
        raise ConfigurationError(f"{OWN_COVERS}: {RELEASED} was tuned for other lanes or SKUs, or another demand")
    return BaseStock.midway(world.attributes, own)


def _row(measured: Measured) -> Row:
    usd, lost = measured.usd, measured.lost_share
    return {
        **_named("settled_cost_usd_per_day", (float(usd.mean()), *mean_interval(usd))),
        **_named("lost_share", (float(lost.mean()), *mean_interval(lost))),
        **_named("demand_slow_bias_share", (float(measured.bias.mean()), *mean_interval(measured.bias))),
        "demand_slow_rmse_units_per_day": float(np.sqrt(measured.error.mean())),
    }


def _named(name: str, figures: tuple[float, float, float]) -> Row:
    return dict(zip((name, f"{name}_low", f"{name}_high"), figures, strict=True))


def _print(rows: list[Row], paired: list[Row]) -> None:
    table = Table(
        "policy", "observation", "cost, USD a day", "lost", "bias of demand_slow", "its RMSE", "cost over exact"
    )
    ratios = {pair["policy"]: pair for pair in paired}
    for row in rows:
        pair = ratios.get(f"{row['policy']}, {row['observation']}")
        told = "" if pair is None else "{cost_ratio:.4f} ({cost_ratio_low:.4f} to {cost_ratio_high:.4f})".format(**pair)
        table.add_row(
            row["policy"],
            row["observation"],
            f"{row['settled_cost_usd_per_day']:,.0f}",
            f"{row['lost_share']:.2%}",
            f"{row['demand_slow_bias_share']:+.2%}",
            f"{row['demand_slow_rmse_units_per_day']:.4f}",
            told,
        )
    Console().print(table)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.inference_mode():
        typer.run(main)
