"""What is exported decides as what was trained."""

from pathlib import Path

import pytest
import torch

from entrepot.training.rllib.deployed import module_of, state_of
from entrepot.training.rllib.environment import AgentsEnvironment
from entrepot.training.rllib.module import WarehouseModule
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rllib.worlds import describe_world
from tests.worlds.runs import small_experiment, world_of


def shaken(module: WarehouseModule, seed: int) -> WarehouseModule:
    """With weights that a training might have left."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return module


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
    world = world_of(experiment)
    settings = PpoSettings.model_validate(experiment.trainer)
    content = {
        "world": describe_world(experiment, world.attributes.base_cover_days),
        "trainer": experiment.trainer,
        "policy": experiment.policy.model_dump(),
    }
    agents = world.network.agents
    names = list(dict.fromkeys(settings.module_of(agent) for agent in agents))
    modules = {
        name: shaken(WarehouseModule(model_config=content, inference_only=False), seed)
        for seed, name in enumerate(names)
    }
    deployed = module_of(experiment, world)
    deployed.load_state_dict(state_of(experiment, {name: module.get_state() for name, module in modules.items()}))
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
