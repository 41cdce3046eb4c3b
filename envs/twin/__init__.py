"""The twin: a warehouse network's day as a differentiable function on batched tensors."""

from entrepot.envs.twin.dynamics import step
from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.parallel import step_batches
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.scenario import Day, Scenario, draw_scenario
from entrepot.envs.twin.state import State, opening_state

__all__ = [
    "Costs",
    "Day",
    "Flows",
    "Scenario",
    "State",
    "TwinParameters",
    "draw_scenario",
    "opening_state",
    "step",
    "step_batches",
]
