"""The rows of `benchmarks/gpu.py`: what is run, in which precision and how."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import torch
import torch.distributed as distributed
from torch import Tensor, nn

from entrepot.agents.neural import NeuralPolicy
from entrepot.agents.neural.settings import NeuralPolicySettings
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.memory import keep_freed_memory
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Present, Simulation
from entrepot.envs.twin import Scenario, State, draw_scenario, step
from entrepot.envs.world import World, build_world
from entrepot.training.cells.learner import Worker
from entrepot.training.pathwise.window import horizon_days, window_cost
from entrepot.training.rllib.settings import PpoSettings

SEED = 0
DRAWN = 64
"""Scenarios that are drawn; larger batches repeat them, since only stepping is timed."""
CALLS_TOGETHER = 3
COMPILING_CALLS = 3
"""After which what changes from day to day is compiled as what changes."""
DAYS = 16
"""Of a scenario in the rows without gradients, used again and again."""
COVER_DAYS = 30.0
PPO_DAYS, PPO_EPISODE_DAYS, PPO_STEPS = 4, 64, 4
"""Of a rollout, of an episode, and gradient steps a rollout."""
PPO_TOGETHER = 64
"""Environments that live through one scenario, at the most."""
SMOOTHING_DAYS, LEARNING_RATE = 0.5, 0.002
EAGER, GRAPH, COMPILED = "eager", "CUDA graph", "torch.compile"
FLOAT32, BFLOAT16 = "float32", "bfloat16 nets"
TWIN, BATCHED, PATHWISE, MAPPO = "twin", "batched", "pathwise", "mappo"


@dataclass(frozen=True)
class Part:
    """One way of running one thing."""

    name: str
    precision: str
    how: str


@dataclass(frozen=True)
class Runner:
    """What is timed."""

    call: Callable[[], Any]
    days: int  # of each environment in one call
    state: Callable[[], State] | None = None  # of the twin


def parts_for(device: torch.device) -> tuple[list[Part], list[Part], list[Part], list[Part]]:
    """What can be tried on a device: without gradients; pathwise; PPO; compiled, which takes longest to begin."""
    graph = [GRAPH] if device.type == "cuda" else []
    twin = [Part(TWIN, FLOAT32, how) for how in [EAGER, *graph]]
    batched = [Part(BATCHED, FLOAT32, how) for how in [EAGER, *graph]]
    # Units are counted up to thousands, which bfloat16 can't: only the policy's layers are.
    pathwise = [Part(PATHWISE, precision, how) for how in [EAGER, *graph] for precision in (FLOAT32, BFLOAT16)]
    # Which lanes can order differs from day to day, so that no graph is captured.
    ppo = [Part(MAPPO, precision, EAGER) for precision in (FLOAT32, BFLOAT16)]
    return [*twin, *batched], pathwise, ppo, [Part(TWIN, FLOAT32, COMPILED)]


def world_of(network: str, skus: int, device: torch.device, dtype: torch.dtype = torch.float32) -> World:
    """The world on a device."""
    if device.type == "cpu":
        keep_freed_memory()
    return build_world(network, skus=skus, dtype=dtype, device=device)


def measure(
    part: Part, world: World, environments: int, window_days: int, seconds: float, *, learners: int = 1
) -> dict[str, Any]:
    """One row: after a call that warms up, as many as take so many seconds; of several learners, each makes three."""
    device = world.parameters.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with runner_of(part, world, environments, window_days, learners) as runner:
        for _ in range(COMPILING_CALLS if part.how == COMPILED else 1):
            runner.call()
        wait(device)
        calls, began = 0, time.perf_counter()
        while calls < CALLS_TOGETHER if learners > 1 else not calls or time.perf_counter() - began < seconds:
            runner.call()
            # A loop that never waited would queue days without end.
            wait(device)
            calls += 1
        spent = time.perf_counter() - began
    env_steps_per_s = environments * runner.days * calls / spent
    return {
        "part": part.name,
        "precision": part.precision,
        "how": part.how,
        "environments": environments,
        "skus": world.parameters.skus,
        "env_steps_per_s": env_steps_per_s,
        "agent_steps_per_s": env_steps_per_s * len(world.network.agents),
        "ms_per_day": 1e3 * spent / (calls * runner.days),
        "peak_mib": torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else None,
    }


@contextmanager
def runner_of(part: Part, world: World, environments: int, window_days: int, learners: int) -> Iterator[Runner]:
    """What a row times."""
    if part.name == MAPPO:
        yield ppo(world, environments, bfloat16=part.precision == BFLOAT16)
        return
    if part.name == PATHWISE:
        bfloat16 = part.precision == BFLOAT16
        yield pathwise(world, environments, window_days, part.how, bfloat16=bfloat16, learners=learners)
        return
    make = twin if part.name == TWIN else batched
    with torch.inference_mode():
        yield make(world, environments, part.how)


def twin(world: World, environments: int, how: str, *, days_a_call: int = DAYS) -> Runner:
    """The bare dynamics, with orders that ask for about what is sold; a graph is captured after a ring of days."""
    parameters = world.parameters
    scenario = scenario_of(world, environments, DAYS)
    decisions = usual_orders(world, environments)
    states = [stocked(world.simulation(), episodes=environments).state]
    one_day = torch.compile(step) if how == COMPILED else step

    def days(count: int) -> None:
        for _ in range(count):
            day = scenario.at(states[0].day % DAYS)
            states[0], _, _ = one_day(parameters, states[0], decisions, day, overwrite=True)

    if how != GRAPH:
        return Runner(partial(days, days_a_call), days_a_call, lambda: states[0])

    def cycle() -> None:
        """As many days as the ring has places, after which the same memory means the same again."""
        before = states[0]
        days(parameters.pipeline_days)
        carry(states[0], before)
        states[0] = replace(before, day=states[0].day)

    return Runner(captured(cycle, parameters.device), parameters.pipeline_days, lambda: states[0])


def batched(world: World, environments: int, how: str) -> Runner:
    """The batched environment: actions in, observations and rewards out; in a graph actions go unchecked."""
    days = world.parameters.pipeline_days if how == GRAPH else DAYS
    env = BatchedWarehouseNetwork(world, environments=environments, episode_days=days)
    scenario = scenario_of(world, environments, days + 1)
    parameters = world.parameters
    generator = torch.Generator().manual_seed(SEED)
    shape = (DRAWN, parameters.lanes, parameters.skus)
    actions = repeated(torch.rand(shape, generator=generator) * COVER_DAYS, environments, parameters.device)
    env.reset(scenario=scenario)
    if how != GRAPH:

        def episode() -> None:
            env.reset(scenario=scenario)
            for _ in range(days):
                env.step(actions)

        return Runner(episode, days)
    # Clones, since what nothing was seen of yet is one tensor under several names.
    opening = env._present.mapped(torch.clone)

    def cycle() -> None:
        env.day, env._present = 0, replace(opening, state=replace(opening.state, day=0))
        for _ in range(days):
            _, cost = env.advance(actions, checked=False)
            env.reward.of(cost)
        carry(env._present.state, opening.state)
        carry(env._present.memory, opening.memory)

    return Runner(captured(cycle, parameters.device), days)


def pathwise(world: World, environments: int, window_days: int, how: str, *, bfloat16: bool, learners: int) -> Runner:
    """A gradient step of the pathwise trainer: a window of days, the gradient, Adam; warm-up and drawing left out."""
    torch.manual_seed(SEED)
    device = world.parameters.device
    module = NeuralPolicy(NeuralPolicySettings(head="release")).to(device)
    if bfloat16:
        in_bfloat16(module, device)
    optimiser = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)
    window = Window.of(world, scenario_of(world, environments, window_days))
    gradient = partial(take_gradient, module, window)
    if how == GRAPH:
        gradient = captured(gradient, device)

    def gradient_step() -> None:
        gradient()
        if learners > 1:
            average(module, learners)
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()

    return Runner(gradient_step, window_days)


def ppo(world: World, environments: int, *, bfloat16: bool) -> Runner:
    """MAPPO with credit for each SKU: some days sampled, and a pass over them; scenarios are drawn once an episode."""
    together = math.gcd(environments, PPO_TOGETHER)
    settings = PpoSettings(
        kind="mappo",
        critic="state",
        credit="sku",
        explore="actions",
        environments=environments,
        environments_per_scenario=together,
        rollout_days=PPO_DAYS,
        episode_days=PPO_EPISODE_DAYS,
        warm_up_days=0,
        minibatch_days=max(1, environments * PPO_DAYS // PPO_STEPS),
    )
    worker = Worker(world, settings, NeuralPolicySettings(head="cover"), seed=SEED)
    if bfloat16:
        in_bfloat16(worker.model, world.parameters.device)
    weights = worker.model.weights().requires_grad_()
    optimiser = torch.optim.Adam([weights], lr=settings.learning_rate)

    def iteration() -> None:
        worker.sample(weights.detach())
        for _ in range(PPO_STEPS):
            weights.grad = worker.gradient(weights.detach()).values.to(weights)
            optimiser.step()

    return Runner(iteration, PPO_DAYS)


@dataclass(frozen=True)
class Window:
    """What a gradient is taken of."""

    simulation: Simulation
    present: Present
    scenario: Scenario
    horizon: Tensor  # [L] days, on the device: what a graph captures may not wait for the host

    @classmethod
    def of(cls, world: World, scenario: Scenario) -> Window:
        """From the month's stock with which episodes start."""
        simulation = world.simulation(whole_units=False)
        present = stocked(simulation, episodes=scenario.episodes)
        return cls(simulation, present, scenario, horizon_days(world.network).to(world.parameters.device))


def take_gradient(module: NeuralPolicy, window: Window) -> None:
    """Leave the gradient of a window's loss with the module's parameters."""
    module.zero_grad()
    loss_of(module, window).backward()  # type: ignore[no-untyped-call]


def loss_of(module: NeuralPolicy, window: Window) -> Tensor:
    """[] a window's loss, as the pathwise trainer has it."""
    attributes = window.simulation.attributes

    def decide(snapshot: Snapshot, seen: Tensor) -> tuple[Decisions, Tensor | None]:
        decided = module.decide(snapshot, attributes, SMOOTHING_DAYS, seen)
        return decided.decisions, decided.departs

    return window_cost(
        window.simulation,
        window.present,
        window.scenario,
        decide,
        horizon=window.horizon,
        scale_usd=1000.0,
        advance_days=window.scenario.days,
        reads=module.reads,
    ).loss


def average(module: nn.Module, learners: int) -> None:
    """Make every learner's gradients the mean of all learners'."""
    together = [value.grad for value in module.parameters() if value.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in together])
    distributed.all_reduce(flat)
    for gradient, mean in zip(together, flat.div_(learners).split([each.numel() for each in together]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def in_bfloat16(module: nn.Module, device: torch.device) -> None:
    """Let a policy's linear layers multiply in bfloat16; what they answer is as precise as what they are given."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            layer.forward = partial(_autocast_linear, layer, device.type)  # type: ignore[method-assign]


def _autocast_linear(layer: nn.Linear, device_type: str, given: Tensor) -> Tensor:
    with torch.autocast(device_type, torch.bfloat16):
        return nn.functional.linear(given, layer.weight, layer.bias).to(given.dtype)


def usual_orders(world: World, environments: int) -> Decisions:
    """About what is sold, lanes first in memory, as whatever orders up to a target has them."""
    simulation = world.simulation()
    present = stocked(simulation, episodes=DRAWN)
    decided = base_cover_rule(world.attributes)(simulation.observe(present, scenario_of(world, DRAWN, 1).at(0)))
    orders = repeated(decided.orders, environments, world.parameters.device)
    return Decisions((0.1 * orders).transpose(0, 1).contiguous().transpose(0, 1))


def scenario_of(world: World, environments: int, days: int) -> Scenario:
    """A few scenarios, each repeated for many environments."""
    parameters = world.parameters
    drawn = draw_scenario(
        world.network,
        world.demand,
        episodes=min(environments, DRAWN),
        days=days,
        split=Split.TRAIN,
        seed=SEED,
        dtype=parameters.dtype,
        device=parameters.device,
    )
    if drawn.episodes == environments:
        return drawn
    return drawn.episodes_at(torch.arange(environments, device=parameters.device) % drawn.episodes)


def repeated(values: Tensor, environments: int, device: torch.device) -> Tensor:
    """[B, ...] of [few, ...]."""
    return values.to(device)[torch.arange(environments, device=device) % len(values)]


def carry(ended: Any, opening: Any) -> None:
    """Copy what days ended with to where they began, so that they can be lived through again from there."""
    for field in fields(ended):
        value = getattr(ended, field.name)
        if isinstance(value, Tensor) and value.data_ptr() != getattr(opening, field.name).data_ptr():
            getattr(opening, field.name).copy_(value)


def captured(cycle: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """A CUDA graph of some days, after it was run once."""
    side = torch.cuda.Stream(device)
    side.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(side):
        cycle()
    torch.cuda.current_stream(device).wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        cycle()
    return graph.replay


def wait(device: torch.device) -> None:
    """Until the device has done all it was asked to."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def tidy(device: torch.device) -> None:
    """Give back the memory of the last row."""
    gc.collect()
    torch._dynamo.reset()
    if device.type == "cuda":
        torch.cuda.empty_cache()
