"""What trials come to: each is judged by its SKU's cost, and where nothing is tried it is that of what is deployed."""

from typing import Any

import pytest
import torch

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralCoverPolicy, NeuralPolicy, NeuralPolicySettings
from entrepot.envs.settlement import StockValues
from entrepot.envs.simulation import Lived
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rollout import roll_out
from entrepot.training.tried.rollout import Rollout, Sampler
from tests.worlds.runs import small_settings
from tests.worlds.tiny import tiny_world


def settings_of(*, deviation: float = 0.6, decision_days: int = 1, **changes: Any) -> PpoSettings:
    tried = {"deviation": deviation, "decision_days": decision_days}
    return small_settings(credit="sku", team_share=1.0, episode_days=21, tried=tried, **changes)


def shaken() -> NeuralPolicy:
    """With weights that a training might have left."""
    torch.manual_seed(3)
    policy = NeuralPolicy(NeuralPolicySettings())
    with torch.no_grad():
        policy.answer.weight.add_(0.05 * torch.randn(policy.answer.weight.shape))
    return policy


@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
def test_where_nothing_is_tried_an_episode_costs_what_the_deployed_policy_costs(network: str) -> None:
    world, policy = tiny_world(network, skus=3), shaken()
    sampler = Sampler(world, settings_of(deviation=1e-9), seed=1)
    scenario, present = sampler.opening()
    begun = present.detach().mapped(torch.clone)
    rollout = sampler.lived(policy, scenario, present)
    deployed = NeuralCoverPolicy(NeuralPolicySettings())
    deployed.policy.load_state_dict(policy.state_dict())
    usd = torch.zeros(scenario.episodes)
    values = StockValues.of(world.parameters)

    def watch(lived: Lived) -> None:
        nonlocal usd
        usd = usd + lived.costs.total.sum(dim=1)

    days = scenario.window(3, 21)
    end = roll_out(world.simulation(), begun, days, ModuleAgent(deployed, world.attributes), watch=watch)
    # What waits for a container is no SKU's own.
    waiting = (end.state.booked_m3 - begun.state.booked_m3).double() @ values.booked.double()
    expected = usd + values.of_stock(begun.state) - values.of_stock(end.state) - waiting
    torch.testing.assert_close(rollout.settled_usd.sum(dim=1).double(), expected.double(), rtol=2e-3, atol=2.0)


def test_two_environments_live_through_each_scenario_from_one_opening_and_try_opposite_weights() -> None:
    sampler = Sampler(tiny_world(skus=3), settings_of(), seed=1)
    scenario, present = sampler.opening()
    assert torch.equal(scenario.demand[0], scenario.demand[1])
    assert not torch.equal(scenario.demand[1], scenario.demand[2])
    assert torch.equal(present.state.on_hand[2], present.state.on_hand[3])
    rollout = sampler.rollout(shaken())
    assert rollout.noise.shape == (2, 3, 6, 33)
    costs = rollout.settled_usd
    assert ((costs[0] - costs[1]).abs() > 1.0).any()


def test_the_same_seed_lives_through_the_same_episodes() -> None:
    def first() -> Rollout:
        return Sampler(tiny_world(skus=3), settings_of(decision_days=7), seed=5).rollout(shaken())

    one, other = first(), first()
    assert torch.equal(one.noise, other.noise)
    assert torch.equal(one.settled_usd, other.settled_usd)


def test_what_is_tried_moves_the_logarithm_of_the_factor_on_cover_as_far_as_was_asked_for() -> None:
    sampler = Sampler(tiny_world(skus=3), settings_of(deviation=0.3), seed=5)
    sampler.rollout(shaken())
    assert float(sampler.deviations[0, -1]) == pytest.approx(0.3 / 33**0.5)
    assert float(sampler.deviations[1, -1]) == pytest.approx(1.5 * 0.3 / 33**0.5)
