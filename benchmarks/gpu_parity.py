"""Whether a device comes to the CPU's results: differences to the CPU in float64, beside the CPU's own in float32."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from gpu_parts import (
    EAGER,
    GRAPH,
    Runner,
    Window,
    captured,
    in_bfloat16,
    scenario_of,
    take_gradient,
    twin,
    world_of,
)
from torch import Tensor

from entrepot.agents.neural import NeuralPolicy
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.twin import Scenario
from entrepot.envs.world import World

EPISODES, DAYS = 16, 40
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Found:
    """What one device came to in one precision."""

    costs: Tensor  # [T, B, N] USD, in fractions of a unit
    whole_costs: Tensor  # [T, B, N] USD, in whole units
    stock: Tensor  # [B, N, S] units on hand at the end, in fractions
    gradient: Tensor  # of the pathwise loss, all parameters together


def parity(network: str, skus: int, device: torch.device) -> list[dict[str, Any]]:
    """How far a device's results lie from the CPU's in float64; float32 on the CPU is the yardstick.

    In whole units a last bit can decide about a unit, so that single days may differ by what a unit costs.
    """
    worlds = {dtype: world_of(network, skus, CPU, dtype) for dtype in (torch.float64, torch.float32)}
    scenario = scenario_of(worlds[torch.float64], EPISODES, DAYS)
    truth = found(worlds[torch.float64], scenario)
    near = found(worlds[torch.float32], scenario)
    there = found(world_of(network, skus, device, torch.float32), scenario)
    double = found(world_of(network, skus, device, torch.float64), scenario)
    rows = []
    for name, field in {
        "costs by node and day, fractions of a unit": "costs",
        "stock on hand after the days": "stock",
        "costs by node and day, whole units": "whole_costs",
        "gradient of a window": "gradient",
    }.items():
        exact = getattr(truth, field)
        on_cpu = difference(getattr(near, field), exact)
        rows.append(row(f"{name}, float32", difference(getattr(there, field), exact), on_cpu))
        rows.append(row(f"{name}, float64", difference(getattr(double, field), exact), 0.0))
    coarse = found(world_of(network, skus, device, torch.float32), scenario, bfloat16=True)
    rows.append(row("gradient of a window, bfloat16 nets", difference(coarse.gradient, truth.gradient), None))
    if device.type == "cuda":
        rows += from_graphs(world_of(network, skus, device), moved(scenario, device, torch.float32))
    return rows


def found(world: World, scenario: Scenario, *, bfloat16: bool = False) -> Found:
    """Live through the days, and take a gradient."""
    parameters = world.parameters
    here = moved(scenario, parameters.device, parameters.dtype)
    costs: dict[bool, list[Tensor]] = {False: [], True: []}
    ends = {}
    with torch.no_grad():
        for whole in (False, True):
            simulation = world.simulation(whole_units=whole)

            def watch(lived: Lived, whole: bool = whole) -> None:
                costs[whole].append(lived.costs.total)

            opening = stocked(simulation, episodes=EPISODES)
            ends[whole] = simulation.run(opening, here, base_cover_rule(world.attributes), watch=watch).state.on_hand
    module = untrained(world, bfloat16=bfloat16)
    take_gradient(module, Window.of(world, here))
    return Found(
        costs=at_home(torch.stack(costs[False])),
        whole_costs=at_home(torch.stack(costs[True])),
        stock=at_home(ends[False]),
        gradient=gradient_of(module),
    )


def from_graphs(world: World, scenario: Scenario) -> list[dict[str, Any]]:
    """What CUDA graphs come to, beside the same without a graph on the same device."""
    module, window = untrained(world), Window.of(world, scenario)
    take_gradient(module, window)
    eager = gradient_of(module)
    replay = captured(partial(take_gradient, module, window), world.parameters.device)
    replay()
    rows = [row("gradient of a window, CUDA graph against none", difference(gradient_of(module), eager), None)]
    with torch.inference_mode():
        rings = 2 * world.parameters.pipeline_days
        eager, graph = twin(world, EPISODES, EAGER, days_a_call=rings), twin(world, EPISODES, GRAPH)
        ends = [on_hand_after(runner) for runner in (eager, graph)]
    return [*rows, row("stock on hand after two rings of days, CUDA graph against none", difference(*ends), None)]


def on_hand_after(runner: Runner) -> Tensor:
    """[B, N, S] units after a call."""
    assert runner.state is not None
    runner.call()
    return at_home(runner.state().on_hand)


def untrained(world: World, *, bfloat16: bool = False) -> NeuralPolicy:
    """The same policy in every precision, everywhere."""
    torch.manual_seed(0)
    module = NeuralPolicy(NeuralPolicySettings(head="release")).to(world.parameters.device, world.parameters.dtype)
    if bfloat16:
        in_bfloat16(module, world.parameters.device)
    return module


def gradient_of(module: NeuralPolicy) -> Tensor:
    """All parameters together."""
    return at_home(torch.cat([value.grad.flatten() for value in module.parameters() if value.grad is not None]))


def difference(value: Tensor, exact: Tensor) -> float:
    """The largest difference over the largest value; of a gradient as of everything else."""
    return float((value - exact).abs().max() / exact.abs().max())


def row(quantity: str, there: float, on_cpu: float | None) -> dict[str, Any]:
    """Of the table."""
    return {"quantity": quantity, "largest_relative_difference": there, "of_the_same_on_the_cpu": on_cpu}


def moved(scenario: Scenario, device: torch.device, dtype: torch.dtype) -> Scenario:
    """The same days elsewhere; integers stay what they are."""
    return scenario.mapped(lambda value: value.to(device, dtype if value.is_floating_point() else value.dtype))


def at_home(value: Tensor) -> Tensor:
    """In float64 on the CPU."""
    return value.detach().to("cpu", torch.float64)
