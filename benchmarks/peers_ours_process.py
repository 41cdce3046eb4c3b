"""Our side of `peers.py`: API NETWORK DEMAND ENVIRONMENTS, then a number a line; see `turns.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from turns_answer import answer

from entrepot.configs.loader import validate
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.interfaces.central_planner import CentralPlanner
from entrepot.envs.memory import keep_freed_memory
from entrepot.envs.twin import draw_scenario, opening_state, step
from entrepot.envs.world import build_world
from entrepot.training.experiment import compose_experiment
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings

DAYS = 64
SEED = 0
WHOLE_RUN = 100_000
"""Gradient steps that the schedule of the learning rate is spread over: only their time is looked at."""

Calls = tuple[Callable[[], object], Callable[[], object], int]


def gymnasium(network: str, demand: str, environments: int) -> Calls:
    """The Gymnasium environment: actions in, observation and reward out."""
    env = CentralPlanner(build_world(network, demand), episode_days=DAYS)
    env.action_space.seed(SEED)
    action = env.action_space.sample()
    return lambda: env.step(action), lambda: env.reset(seed=SEED), DAYS


def twin(network: str, demand: str, environments: int) -> Calls:
    """The bare twin, with orders of about what is sold."""
    world = build_world(network, demand)
    parameters = world.parameters
    scenario = draw_scenario(
        world.network, world.demand, episodes=environments, days=DAYS, split=Split.TRAIN, seed=SEED
    )
    rate = torch.as_tensor(world.demand.mean_units_per_day, dtype=parameters.dtype)
    share = torch.as_tensor(world.network.market.echelon_share, dtype=parameters.dtype)
    through = torch.einsum("nms,ms->ns", share, rate)
    generator = torch.Generator().manual_seed(SEED)
    chance = torch.rand((environments, parameters.lanes, parameters.skus), generator=generator)
    decisions = Decisions(2 * chance * through[parameters.lane.destination])
    states = [opening_state(parameters, 7 * through, episodes=environments)]

    def one() -> None:
        states[0], _, _ = step(parameters, states[0], decisions, scenario.at(states[0].day % DAYS), overwrite=True)

    return one, lambda: None, DAYS


def gradient(network: str, demand: str, environments: int) -> Calls:
    """A gradient step of the pathwise trainer, with the scenarios that it draws and the days that warm it up."""
    experiment = compose_experiment(
        [f"network={network}", f"demand={demand}", f"windows.episodes={environments}", "run=peers"], name="classic"
    )
    trainer = validate(PathwiseSettings, experiment.trainer, "trainer").model_copy(update={"iterations": WHOLE_RUN})
    learner = Learner(experiment, trainer, build_world(experiment.network, experiment.demand))
    return learner.step, lambda: None, WHOLE_RUN


APIS: dict[str, Callable[[str, str, int], Calls]] = {"gymnasium": gymnasium, "twin": twin, "gradient": gradient}


if __name__ == "__main__":
    keep_freed_memory()
    torch.set_num_threads(1)
    with torch.set_grad_enabled(sys.argv[1] == "gradient"):
        answer(*APIS[sys.argv[1]](sys.argv[2], sys.argv[3], int(sys.argv[4])))
