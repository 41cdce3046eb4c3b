import pytest
import torch

from entrepot.agents.mlp import AgentMlp, CentralMlp, MlpSettings, OwnLanes, StackedMlp
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.world import World
from tests.worlds.tiny import first_snapshot, tiny_world


@pytest.fixture(scope="module")
def world() -> World:
    return tiny_world("kreen", skus=3)


def test_own_lanes_are_every_lane_once_and_padding(world: World) -> None:
    own = OwnLanes.of(world.network)
    lanes = len(world.network.lanes)
    assert sorted(own.lane[own.lane < lanes].tolist()) == list(range(lanes))
    for agent, row in enumerate(own.lane):
        assert (world.network.lane.agent[row[row < lanes]] == agent).all()


def test_what_is_gathered_by_agent_is_scattered_back(world: World) -> None:
    own = OwnLanes.of(world.network)
    cells = torch.rand(2, len(world.network.lanes), 3)
    by_agent = own.gather(cells)
    assert by_agent.shape == (2, *own.lane.shape, 3)
    assert (by_agent[:, own.lane == len(world.network.lanes)] == 0).all()
    assert torch.equal(own.scatter(by_agent), cells)


def test_stacked_perceptrons_do_not_hear_each_other() -> None:
    stacked = StackedMlp(3, 5, 2, MlpSettings((4,)))
    values = torch.rand(3, 7, 5)
    before = stacked(values)
    values[1] += 1.0
    after = stacked(values)
    assert torch.equal(before[[0, 2]], after[[0, 2]])
    assert not torch.equal(before[1], after[1])
    alone = StackedMlp(1, 5, 2, MlpSettings((4,)))
    alone.load_state_dict({name: value[2:] for name, value in stacked.state_dict().items()})
    torch.testing.assert_close(alone(values[2:])[0], after[2])


@pytest.mark.parametrize("shared", [True, False])
def test_an_untrained_policy_of_agents_is_close_to_the_base_stock(world: World, shared: bool) -> None:
    policy = AgentMlp(world.network, world.attributes, MlpSettings((16,)), shared=shared)
    with torch.no_grad():
        last = policy.actor.layers[-1]
        last.weight.zero_()  # type: ignore[operator]
        snapshot = first_snapshot(world)
        rate = demand_rate(world.attributes, snapshot)
        expected = orders_from_cover(world.attributes, snapshot, world.attributes.base_cover_days, rate)
        torch.testing.assert_close(policy(snapshot, world.attributes).orders, expected)


@pytest.mark.parametrize("squash", [True, False])
def test_a_central_planners_orders_stay_within_the_environments_bounds(world: World, squash: bool) -> None:
    policy = CentralMlp(world.network, world.attributes, MlpSettings((16,)), squash=squash)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.mul_(100.0)
        snapshot = first_snapshot(world)
        orders = policy(snapshot, world.attributes).orders
        rate = demand_rate(world.attributes, snapshot)
        most = orders_from_cover(world.attributes, snapshot, torch.full_like(orders, 120.0), rate)
    assert (orders >= 0).all()
    assert orders.sum() <= most.sum() + 1e-3
