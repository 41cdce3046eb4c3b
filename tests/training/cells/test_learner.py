"""One worker's learning: it moves towards a known optimum, and what is deployed decides as what was trained."""

from typing import Any

import pytest
import torch

from entrepot.agents.neural import NeuralCoverPolicy, NeuralPolicySettings
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.world import World, build_world
from entrepot.training.cells.learner import ActorCritic, Worker
from entrepot.training.cells.method import CellLearner
from entrepot.training.cells.rollout import Sampler
from entrepot.training.cells.workers import LocalWorkers
from tests.worlds.runs import small_experiment, small_settings
from tests.worlds.tiny import tiny_world

CELLS: dict[str, Any] = {
    "credit": "sku",
    "explore": "actions",
    "rollout_days": 5,
    "environments_per_scenario": 2,
    "minibatch_days": 7,
}

OPTIMUM_USD = 4.04
"""A day, as `entrepot.agents.value_iteration` and Zipkin (2008, 'Old and new methods for lost-sales inventory systems')
have it."""


def shaken(world: World, kind: str = "ippo") -> ActorCritic:
    """With weights that a training might have left."""
    model = ActorCritic(world, small_settings(kind, **CELLS), NeuralPolicySettings())
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return model


@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
def test_the_deployed_policy_orders_what_the_learners_means_order(network: str) -> None:
    world = tiny_world(network, skus=3)
    model = shaken(world)
    deployed = NeuralCoverPolicy(NeuralPolicySettings())
    deployed.policy.load_state_dict(model.policy.state_dict())
    settings = small_settings(**{**CELLS, "rollout_days": 1})
    sampler = Sampler(world, settings, seed=1)
    sampler.rollout(model.policy, 0.0)
    for _ in range(7):
        with torch.no_grad():
            expected = deployed(sampler.env.snapshot, world.attributes).orders
        sampler.rollout(model.policy, 0.0)
        assert sampler.env.transition is not None
        # Where it lets a departure go by, the deployed one asks for the least cover, which is hardly a unit.
        torch.testing.assert_close(sampler.env.transition.decisions.orders, expected, rtol=1e-3, atol=0.05)


def test_every_cells_costs_add_up_to_the_agents_cost() -> None:
    world = tiny_world(skus=3)
    sampler = Sampler(world, small_settings(**{**CELLS, "rollout_days": 1}), seed=2)
    for _ in range(4):
        rollout = sampler.rollout(shaken(world).policy, 0.2)
        assert sampler.env.transition is not None
        by_agent = rollout.cost_usd[0].sum(dim=-1)
        torch.testing.assert_close(by_agent, sampler.env.transition.cost_by_agent, rtol=1e-4, atol=1e-2)


def test_environments_of_one_scenario_see_the_same_demand_and_draw_noise_of_their_own() -> None:
    world = tiny_world(skus=3)
    sampler = Sampler(world, small_settings(**CELLS), seed=2)
    rollout = sampler.rollout(shaken(world).policy, 0.5)
    demand = sampler.env.scenario.demand
    assert torch.equal(demand[0], demand[1])
    assert not torch.equal(demand[1], demand[2])
    noise = rollout.actions - rollout.means
    assert torch.unique(noise).numel() == noise.numel()


@pytest.mark.parametrize("kind", ["ippo", "mappo"])
def test_before_the_first_step_a_decision_is_as_likely_as_when_it_was_made(kind: str) -> None:
    world = tiny_world(skus=3)
    worker = Worker(world, small_settings(kind, **CELLS), NeuralPolicySettings(), seed=4)
    weights = shaken(world, kind).weights()
    worker.sample(weights)
    found = [worker.gradient(weights) for _ in range(3)]  # 20 moments in minibatches of 7
    for gradient in found:
        assert gradient.values.isfinite().all()
        assert gradient.values.abs().max() > 0
        assert gradient.scalars["training/clipped_share"] == 0


def test_learning_closes_part_of_the_gap_to_a_known_optimum(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One store that loses what it can't sell, lead time 1; learning starts from half as much again as is best."""
    name = "classic/lost_sales_lead_1_penalty_4"
    world = build_world(name, DemandSettings(name="classic/poisson_5"))
    experiment = small_experiment(
        tmp_path_factory.mktemp("cells"),
        "ippo",
        f"network={name}",
        "demand=classic/poisson_5",
        "trainer.credit=sku",
        "trainer.explore=actions",
        "trainer.environments=32",
        "trainer.environments_per_scenario=8",
        "trainer.rollout_days=16",
        "trainer.episode_days=16",
        "trainer.warm_up_days=32",
        "trainer.minibatch_days=256",
        "trainer.exploration_deviation=0.1",
        "trainer.learning_rate=0.015",
        "trainer.gamma=0.95",
    )
    world = world.starting_from(torch.full_like(world.attributes.base_cover_days, 3.5))  # about 2 days would be best
    learner = CellLearner(experiment, world)
    workers = LocalWorkers(experiment, world.attributes.base_cover_days, iteration=0)
    costs = []
    for _ in range(12):
        sampled, _, _ = learner.iteration(workers)
        costs.append(sampled[0].cost_usd_per_day)
    before, after = sum(costs[:3]) / 3, sum(costs[-6:]) / 6
    assert before > 1.2 * OPTIMUM_USD
    assert after > OPTIMUM_USD
    assert after - OPTIMUM_USD < 0.75 * (before - OPTIMUM_USD)
