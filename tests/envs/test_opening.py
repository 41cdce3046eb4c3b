import torch

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.envs.opening import stocked_state
from entrepot.envs.order_up_to import demand_rate
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand


def test_every_node_opens_with_a_month_of_the_demand_that_passes_through_it() -> None:
    description = load_network("kreen", skus=3)
    world = BatchedWarehouseNetwork(build_world(description, PoissonDemand.of(description)), environments=2, seed=1)
    world.reset()
    state = stocked_state(world.parameters, world.attributes, episodes=2)
    rate = demand_rate(world.attributes, world.snapshot)
    passing = world.attributes.echelon_share.sum(dim=1) > 0
    torch.testing.assert_close(state.on_hand, torch.where(passing, (30 * rate).round(), 0.0))
    assert (state.pipeline == 0).all()
