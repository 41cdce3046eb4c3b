"""A peer that is stepped when it is told to: SIZE ENVIRONMENTS, then a number a line; see `turns.py`.

Run by the Python that the peers are installed in (`peers.py` says how), so that nothing of ours is imported here.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from turns_answer import answer

DAYS = 64
SEED = 0
STEP_OF_GRADIENT_DAYS = 50
"""Of an episode in idinn's own example of training."""
STORES = """\
name: one warehouse and three stores
nodes:
  - {id: 0}
  - {id: 1}
  - {id: 2}
  - {id: 3, I0: 20, h: 1.0}
  - {id: 4, I0: 20, h: 1.0}
  - {id: 5, I0: 20, h: 1.0}
  - {id: 6, I0: 40, h: 0.5}
  - {id: 7}
edges:
  - {from: 3, to: 0, p: 10.0, b: 9.0, demand_dist: poisson, dist_param: {mu: 2}}
  - {from: 4, to: 1, p: 10.0, b: 9.0, demand_dist: poisson, dist_param: {mu: 2}}
  - {from: 5, to: 2, p: 10.0, b: 9.0, demand_dist: poisson, dist_param: {mu: 2}}
  - {from: 6, to: 3, L: 1, p: 1.0, g: 0.0}
  - {from: 6, to: 4, L: 1, p: 1.0, g: 0.0}
  - {from: 6, to: 5, L: 1, p: 1.0, g: 0.0}
  - {from: 7, to: 6, L: 2, p: 1.0, g: 0.0}
"""

Calls = tuple[Callable[[], object], Callable[[], object], int]
"""One step; what comes before an episode, untimed; the steps of an episode."""


def invmgmt_serial(environments: int) -> Calls:
    """gym-invmgmt's serial chain: three stages that hold stock, three lanes, one market."""
    import gym_invmgmt

    return _invmgmt(Path(gym_invmgmt.__file__).parent / "topologies" / "serial.yaml")


def invmgmt_stores(environments: int) -> Calls:
    """A warehouse and three stores in gym-invmgmt: four lanes, three markets."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "stores.yaml"
        place.write_text(STORES)
        return _invmgmt(place)


def _invmgmt(network: Path) -> Calls:
    from gym_invmgmt import make_custom_env

    env = make_custom_env(str(network), num_periods=DAYS, backlog=False)
    env.action_space.seed(SEED)
    action = env.action_space.sample() * 0.01
    return lambda: env.step(action), lambda: env.reset(seed=SEED), DAYS


def stockpyl_serial(environments: int) -> Calls:
    """The simulation of stockpyl, example 6.1: three stages, echelon base stock, which it works out itself."""
    from stockpyl.instances import load_instance
    from stockpyl.sim import initialize, step
    from stockpyl.supply_chain_network import echelon_to_local_base_stock_levels

    network = load_instance("example_6_1")
    levels = echelon_to_local_base_stock_levels(network, {1: 6.49, 2: 12.02, 3: 22.71})
    for node in network.nodes:
        node.inventory_policy.base_stock_level = levels[node.index]
    return lambda: step(network), lambda: initialize(network, DAYS + 1, rand_seed=SEED), DAYS


def idinn_gradient(environments: int) -> Calls:
    """A gradient step of idinn's dual-sourcing network, as its `fit` takes it, without what it logs."""
    import torch
    from idinn.demand import UniformDemand
    from idinn.dual_controller import DualSourcingNeuralController
    from idinn.sourcing_model import DualSourcingModel

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    model = DualSourcingModel(
        regular_lead_time=2,
        expedited_lead_time=0,
        regular_order_cost=0,
        expedited_order_cost=10,
        holding_cost=5,
        shortage_cost=495,
        init_inventory=6,
        demand_generator=UniformDemand(low=0, high=4),
        batch_size=environments,
    )
    controller = DualSourcingNeuralController()
    controller.sourcing_model = model
    controller.init_layers(model.get_regular_lead_time(), model.get_expedited_lead_time())
    optimizer = torch.optim.RMSprop(controller.parameters(), lr=3e-3)

    def one() -> None:
        optimizer.zero_grad()
        model.reset()
        controller.get_total_cost(model, STEP_OF_GRADIENT_DAYS).backward()
        optimizer.step()

    return one, lambda: None, DAYS


SIZES: dict[str, Callable[[int], Calls]] = {
    "invmgmt_serial": invmgmt_serial,
    "invmgmt_stores": invmgmt_stores,
    "stockpyl_serial": stockpyl_serial,
    "idinn_gradient": idinn_gradient,
}


if __name__ == "__main__":
    answer(*SIZES[sys.argv[1]](int(sys.argv[2])))
