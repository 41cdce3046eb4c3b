"""What is exported decides as what was trained."""

from pathlib import Path

import pytest
import torch
from torch import nn

from entrepot.agents.maintenance import MaintainingPolicy
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.deployed import module_of, state_of
from entrepot.training.rllib.environment import AgentsEnvironment
from entrepot.training.rllib.module import WarehouseModule
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rllib.worlds import describe_world
from tests.worlds.runs import small_experiment, small_settings, world_of
from tests.worlds.worn import worn_file


def shaken(module: WarehouseModule, seed: int) -> WarehouseModule:
    """With weights that a training might have left."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return module


def deployed_and_learned(
    experiment: ExperimentSettings,
) -> tuple[World, PpoSettings, dict[str, WarehouseModule], nn.Module]:
    """A world, its trainer's settings, modules by name with any weights, and what would be deployed of them."""
    world = world_of(experiment)
    settings = PpoSettings.model_validate(experiment.trainer)
    content = {
        "world": describe_world(experiment, world.attributes.base_cover_days),
        "trainer": experiment.trainer,
        "policy": experiment.policy.model_dump(),
    }
    names = list(dict.fromkeys(settings.module_of(agent) for agent in world.network.agents))
    modules = {
        name: shaken(WarehouseModule(model_config=content, inference_only=False), seed)
        for seed, name in enumerate(names)
    }
    deployed = module_of(experiment, world)
    deployed.load_state_dict(state_of(experiment, {name: module.get_state() for name, module in modules.items()}))
    return world, settings, modules, deployed


@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
@pytest.mark.parametrize(
    "choice", [("neural", "shared"), ("mlp", "shared"), ("mlp", "separate")], ids=lambda choice: "-".join(choice)
)
def test_the_deployed_policy_orders_what_the_modules_means_order(
    tmp_path: Path, network: str, choice: tuple[str, str]
) -> None:
    actor, sharing = choice
    experiment = small_experiment(
        tmp_path, "ippo", f"network={network}", "skus=3", f"trainer.actor={actor}", f"trainer.sharing={sharing}"
    )
    world, settings, modules, deployed = deployed_and_learned(experiment)
    agents = world.network.agents
    env = AgentsEnvironment(world, settings, seed=3)
    today = env.reset()
    for _ in range(8):
        means = torch.stack(
            [
                modules[settings.module_of(agent)]
                .forward_inference({"obs": today.rows(torch.tensor([number]))})["action_dist_inputs"]
                .chunk(2, dim=1)[0]
                for number, agent in enumerate(agents)
            ],
            dim=1,
        )
        with torch.no_grad():
            expected = deployed(env.batched.snapshot, world.attributes).orders
        today, _ = env.step(means)
        assert env.batched.transition is not None
        torch.testing.assert_close(env.batched.transition.decisions.orders, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("actor", ["neural", "mlp"])
def test_the_deployed_policy_maintains_what_the_modules_means_maintain(tmp_path: Path, actor: str) -> None:
    experiment = small_experiment(
        tmp_path, "ippo", f"network={worn_file(tmp_path)}", f"trainer.actor={actor}", "trainer.maintenance=true"
    )
    world, settings, modules, deployed = deployed_and_learned(experiment)
    (shared,) = modules.values()
    env = AgentsEnvironment(world, settings, seed=3)
    today, seen = env.reset(), set()
    for _ in range(9):
        rows = today.rows(slice(None))
        inputs = shared.forward_inference({"obs": rows})["action_dist_inputs"]
        means = inputs.chunk(2, dim=1)[0].view(env.num_envs, len(env.agents), -1)
        snapshot = env.batched.snapshot
        with torch.no_grad():
            expected = deployed(snapshot, world.attributes)
        today, _ = env.step(means)
        assert env.batched.transition is not None
        decided = env.batched.transition.decisions
        torch.testing.assert_close(decided.orders, expected.orders, rtol=1e-3, atol=1e-2)
        assert decided.maintenance is not None
        assert snapshot.unit_down_hours is not None
        works = snapshot.unit_down_hours <= 0
        assert torch.equal((decided.maintenance >= 0.5)[works], (expected.maintenance >= 0.5)[works])
        seen |= set(expected.maintenance.ge(0.5)[works].tolist())
    assert seen == {True, False}


def test_an_untrained_policy_maintains_at_the_age_of_least_cost(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, "ippo", f"network={worn_file(tmp_path)}", "trainer.maintenance=true")
    world = world_of(experiment)
    policy = module_of(experiment, world)
    assert isinstance(policy, MaintainingPolicy)
    env = BatchedWarehouseNetwork(world, environments=3, seed=1, reads=policy.reads)
    units = world.attributes.units
    assert units is not None
    env.reset()
    for _ in range(6):
        with torch.no_grad():
            due = policy(env.snapshot, world.attributes).maintenance >= 0.5
        assert env.snapshot.unit_age_hours is not None
        assert torch.equal(due, env.snapshot.unit_age_hours >= units.unit_best_age_hours)
        env.step(torch.zeros(3, env.parameters.lanes, env.parameters.skus), due.float())


def test_maintenance_is_learnt_by_one_head_for_all() -> None:
    with pytest.raises(ValueError, match="maintenance: True; one head decides for all units"):
        small_settings(actor="mlp", sharing="separate", maintenance=True)
