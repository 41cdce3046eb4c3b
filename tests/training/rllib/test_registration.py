from typing import Any

import pytest
from ray.rllib.algorithms.ppo import PPOConfig

from entrepot.envs import warehouse_network_v0
from entrepot.training.rllib.registration import register_environment


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_rllibs_own_runner_trains_on_the_registered_environment() -> None:
    arguments: dict[str, Any] = {"network": "two_warehouses", "skus": 2, "episode_days": 5}
    agents = warehouse_network_v0.parallel_env(**arguments).possible_agents
    config = (
        PPOConfig()
        .environment(register_environment(), env_config=arguments)
        .env_runners(num_env_runners=0)
        .multi_agent(policies=set(agents), policy_mapping_fn=lambda agent, *_, **__: agent)
        .training(train_batch_size_per_learner=10, minibatch_size=5, num_epochs=1)
    )
    algorithm = config.build_algo()
    try:
        result = algorithm.train()
    finally:
        algorithm.stop()
    assert set(agents) <= set(result["learners"])
    assert result["env_runners"]["num_env_steps_sampled"] == 10
