"""One row of `benchmarks/twin.py`: API NETWORK ENVIRONMENTS SKUS SECONDS THREADS; prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable

import torch

from entrepot.envs import warehouse_network_v0
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split, load_demand
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.memory import keep_freed_memory
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.twin import TwinParameters, draw_scenario, opening_state, step, step_batches
from entrepot.envs.world import build_world

SEED = 0
DAYS = 16
DRAWN = 64
"""Scenarios that are drawn; larger batches repeat them, since only stepping is timed."""
COVER_DAYS = 30.0
BATCH = 16384
"""Environments times SKUs that are best stepped as one batch; less than half are not worth a thread of their own."""

Step = Callable[[], None]
Stepper = tuple[NetworkArrays, Step, Step]
"""The network; one step of all environments; what has to be done, untimed, before every `DAYS` steps."""


def twin(network: str, environments: int, skus: int) -> Stepper:
    """The bare dynamics, with orders that ask for about what is sold."""
    keep_freed_memory()
    arrays = NetworkArrays.from_description(load_network(network, skus=skus))
    demand = load_demand("calibrated", arrays)
    parameters = TwinParameters.from_arrays(arrays)
    drawn = draw_scenario(arrays, demand, episodes=min(environments, DRAWN), days=DAYS, split=Split.TRAIN, seed=SEED)
    scenario = drawn.episodes_at(torch.arange(environments) % drawn.episodes)
    rate = torch.as_tensor(demand.mean_units_per_day, dtype=parameters.dtype)
    through = torch.einsum("nms,ms->ns", torch.as_tensor(arrays.market.echelon_share, dtype=parameters.dtype), rate)
    columns = environments * skus
    parts = min(max(columns // BATCH, min(torch.get_num_threads(), 2 * columns // BATCH), 1), environments)
    chosen = torch.arange(environments).tensor_split(parts)
    scenarios = [scenario.episodes_at(part) for part in chosen]
    states = [opening_state(parameters, COVER_DAYS * through, episodes=len(part)) for part in chosen]
    generator = torch.Generator().manual_seed(SEED)
    # Lanes first in memory, as whatever orders up to a target has them.
    shape = (parameters.lanes, environments, parameters.skus)
    units = torch.rand(shape, generator=generator) * through[parameters.lane.destination].unsqueeze(1)
    decisions = [Decisions(part.contiguous().transpose(0, 1)) for part in units.tensor_split(parts, dim=1)]

    def one() -> None:
        today = states[0].day % DAYS
        if parts == 1:
            states[0], _, _ = step(parameters, states[0], decisions[0], scenarios[0].at(today), overwrite=True)
            return
        days = [part.at(today) for part in scenarios]
        batches = list(zip(states, decisions, days, strict=True))
        states[:] = [state for state, _, _ in step_batches(parameters, batches, overwrite=True)]

    return arrays, one, lambda: None


def batched(network: str, environments: int, skus: int) -> Stepper:
    """The batched environment: actions in, observations and rewards out."""
    keep_freed_memory()
    env = BatchedWarehouseNetwork(
        build_world(network, skus=skus), environments=environments, episode_days=DAYS, seed=SEED
    )
    generator = torch.Generator().manual_seed(SEED)
    actions = torch.rand((environments, env.parameters.lanes, env.parameters.skus), generator=generator) * COVER_DAYS

    def one() -> None:
        env.step(actions)

    def again() -> None:
        env.reset()

    return env.network, one, again


def pettingzoo(network: str, environments: int, skus: int) -> Stepper:
    """The PettingZoo parallel environment: dictionaries of NumPy arrays by agent."""
    env = warehouse_network_v0.parallel_env(network=network, skus=skus, episode_days=DAYS, seed=SEED)
    actions = {}
    for agent in env.possible_agents:
        env.action_space(agent).seed(SEED)
        actions[agent] = env.action_space(agent).sample()

    def one() -> None:
        env.step(actions)

    def again() -> None:
        env.reset()

    return NetworkArrays.from_description(load_network(network, skus=skus)), one, again


APIS = {"twin": twin, "batched": batched, "pettingzoo": pettingzoo}


def main(api: str, network: str, environments: int, skus: int, seconds: float, threads: int) -> None:
    """Step for so many seconds, after a first round that warms up."""
    torch.set_num_threads(threads)
    with torch.inference_mode():
        arrays, one, again = APIS[api](network, environments, skus)
        spent, steps = 0.0, 0
        warm = False
        while not warm or spent < seconds:
            again()
            started = time.perf_counter()
            for _ in range(DAYS):
                one()
            if warm:
                spent, steps = spent + time.perf_counter() - started, steps + DAYS
            warm = True
    env_steps_per_s = environments * steps / max(spent, 1e-9)
    row = {
        "api": api,
        "environments": environments,
        "skus": skus,
        "env_steps_per_s": env_steps_per_s,
        "agent_steps_per_s": env_steps_per_s * len(arrays.agents),
        "cell_steps_per_s": env_steps_per_s * len(arrays.lanes) * skus,
        # Linux counts in KiB, macOS in bytes.
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
    }
    print(json.dumps(row))


if __name__ == "__main__":
    name, network, *numbers, seconds, threads = sys.argv[1:]
    main(name, network, int(numbers[0]), int(numbers[1]), float(seconds), int(threads))
