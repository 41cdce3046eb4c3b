import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand

KREEN = load_network("kreen", skus=2)


def stepped(team_share: float) -> tuple[BatchedWarehouseNetwork, torch.Tensor]:
    compiled = build_world(KREEN, PoissonDemand.of(KREEN), dtype=torch.float64)
    world = BatchedWarehouseNetwork(compiled, environments=4, seed=2, team_share=team_share)
    world.reset()
    for _ in range(5):
        _, rewards, _, _, _ = world.step(torch.full((4, world.parameters.lanes, 2), 40.0))
    return world, rewards


@pytest.mark.parametrize("team_share", [0.0, 0.3, 1.0])
def test_rewards_add_up_to_minus_the_networks_cost_whatever_the_team_share(team_share: float) -> None:
    world, rewards = stepped(team_share)
    assert world.transition is not None
    cost = world.transition.costs.total.sum(dim=1)
    torch.testing.assert_close(rewards.sum(dim=1), -cost / world.reward.scale_usd)


def test_without_team_share_an_agent_bears_the_cost_of_the_nodes_it_orders_for() -> None:
    world, rewards = stepped(0.0)
    assert world.transition is not None
    nodes = [world.network.nodes.index(name) for name in ("hamburg", "fba_de")]
    own = world.transition.costs.total[:, nodes].sum(dim=1)
    torch.testing.assert_close(rewards[:, world.agents.index("hamburg")], -own / world.reward.scale_usd)


def test_with_full_team_share_all_agents_get_the_same() -> None:
    _, rewards = stepped(1.0)
    torch.testing.assert_close(rewards, rewards[:, :1].expand_as(rewards))


def test_rewards_are_counted_in_an_average_agents_daily_revenue() -> None:
    world, _ = stepped(0.0)
    price = world.attributes.margin_usd + world.attributes.value_usd
    revenue = (3.0 * price).sum().item()
    assert world.reward.scale_usd == pytest.approx(revenue / 6)


@pytest.mark.parametrize("team_share", [-0.1, 1.5, float("nan")])
def test_a_team_share_outside_0_to_1_is_refused(team_share: float) -> None:
    with pytest.raises(ConfigurationError, match=r"team_share: .*; allowed: 0 to 1"):
        BatchedWarehouseNetwork(build_world(KREEN, PoissonDemand.of(KREEN)), team_share=team_share)
