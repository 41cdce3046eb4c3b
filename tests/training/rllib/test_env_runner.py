"""The runner's episodes are what happened."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import NUM_AGENT_STEPS_SAMPLED_LIFETIME, NUM_ENV_STEPS_SAMPLED_LIFETIME, NUM_EPISODES

from entrepot.training.rllib.algorithm import ppo_config
from entrepot.training.rllib.env_runner import COST_USD_PER_DAY, BatchedEnvRunner
from tests.worlds.runs import small_experiment, world_of


def runner(folder: Path, trainer: str, *more: str) -> BatchedEnvRunner:
    experiment = small_experiment(folder, trainer, *more)
    cover = world_of(experiment).attributes.base_cover_days
    return BatchedEnvRunner(config=ppo_config(experiment, cover), worker_index=0)


def observations(episode: SingleAgentEpisode, name: str) -> Any:
    return episode.observations.data[name]


@pytest.mark.parametrize("actor", ["neural", "mlp"])
@pytest.mark.parametrize("trainer", ["ippo", "mappo"])
def test_one_episode_for_each_environment_and_agent_with_arrays_that_fit(
    tmp_path: Path, trainer: str, actor: str
) -> None:
    sampler = runner(tmp_path, trainer, f"trainer.actor={actor}")
    episodes = sampler.sample()
    assert [episode.agent_id for episode in episodes] == ["hub"] * 4 + ["shop"] * 4
    assert {episode.module_id for episode in episodes} == {"shared"}
    for episode in episodes:
        assert episode.is_numpy
        assert len(episode) == 6
        assert all(len(value) == 7 for value in episode.observations.data.values())
        module = sampler.module["shared"]
        inputs = torch.as_tensor(episode.extra_model_outputs["action_dist_inputs"].data)
        distribution = module.get_train_action_dist_cls().from_logits(inputs)
        likelihood = distribution.logp(torch.as_tensor(episode.actions.data))
        np.testing.assert_allclose(likelihood, episode.extra_model_outputs["action_logp"].data, rtol=1e-5)
    hub, shop = episodes[0], episodes[4]
    np.testing.assert_array_equal(observations(hub, "moment"), observations(shop, "moment"))
    everyone = np.stack([observations(episode, "moment")[:-1] for episode in episodes[:4]])
    assert len(np.unique(everyone)) == everyone.size


def test_the_learners_forward_pass_gives_the_samples_distributions_again(tmp_path: Path) -> None:
    sampler = runner(tmp_path, "mappo")
    episodes = sampler.sample()
    names = episodes[0].observations.data
    batch = {
        name: torch.as_tensor(np.concatenate([observations(episode, name)[:-1] for episode in episodes]))
        for name in names
    }
    shuffled = torch.randperm(len(batch["agent"]), generator=torch.Generator().manual_seed(0))
    again = sampler.module["shared"].forward_train({"obs": {name: value[shuffled] for name, value in batch.items()}})
    sampled = np.concatenate([episode.extra_model_outputs["action_dist_inputs"].data for episode in episodes])
    np.testing.assert_allclose(again["action_dist_inputs"].detach(), sampled[shuffled], atol=1e-5)


def test_chunks_of_an_episode_follow_on_each_other_and_the_last_is_truncated(tmp_path: Path) -> None:
    sampler = runner(tmp_path, "ippo", "trainer.actor=mlp")
    first, second = sampler.sample(), sampler.sample()
    assert [len(episode) for episode in second] == [4] * 8 + [2] * 8
    assert not any(episode.is_done for episode in first)
    assert all(episode.is_truncated for episode in second[:8])
    assert not any(episode.is_terminated for episode in second)
    for before, after in zip(first, second[:8], strict=True):
        assert after.t_started == 6
        assert after.multi_agent_episode_id == before.multi_agent_episode_id
        np.testing.assert_array_equal(observations(before, "own")[-1], observations(after, "own")[0])
    assert {episode.multi_agent_episode_id for episode in second[8:]}.isdisjoint(
        episode.multi_agent_episode_id for episode in first
    )
    metrics = sampler.get_metrics()
    assert metrics[NUM_ENV_STEPS_SAMPLED_LIFETIME].peek() == 2 * 6 * 4
    assert metrics[NUM_AGENT_STEPS_SAMPLED_LIFETIME]["hub"].peek() == 2 * 6 * 4
    assert metrics[NUM_EPISODES].peek() == 4
    assert metrics[COST_USD_PER_DAY].peek() > 0


def test_whole_episodes_and_timesteps_can_be_asked_for(tmp_path: Path) -> None:
    sampler = runner(tmp_path, "ippo", "trainer.actor=mlp")
    assert [len(episode) for episode in sampler.sample(num_episodes=3)] == [10] * 8
    assert [len(episode) for episode in sampler.sample(num_timesteps=9)] == [3] * 8
    with pytest.raises(ValueError, match="allowed: one of them"):
        sampler.sample(num_timesteps=9, num_episodes=1)


def test_without_exploration_the_means_are_taken(tmp_path: Path) -> None:
    sampler = runner(tmp_path, "ippo")
    for episode in sampler.sample(explore=False):
        means = np.split(episode.extra_model_outputs["action_dist_inputs"].data, 2, axis=1)[0]
        np.testing.assert_array_equal(episode.actions.data, means)


def test_agents_with_policies_of_their_own_are_put_in_their_own_places(tmp_path: Path) -> None:
    sampler = runner(tmp_path, "ippo", "trainer.actor=mlp", "trainer.sharing=separate")
    hub, shop = sampler.sample()[::4]
    assert (hub.module_id, shop.module_id) == ("hub", "shop")
    for episode in (hub, shop):
        rows = {name: torch.as_tensor(value[:-1]) for name, value in episode.observations.data.items()}
        answer = sampler.module[episode.module_id].forward_inference({"obs": rows})["action_dist_inputs"]
        np.testing.assert_allclose(answer, episode.extra_model_outputs["action_dist_inputs"].data, atol=1e-5)


def test_the_same_seed_gives_the_same_samples_and_a_later_start_other_scenarios(tmp_path: Path) -> None:
    first, again, later = (runner(tmp_path, "ippo") for _ in range(3))
    later.set_state({"num_env_steps_sampled_lifetime": 240})
    samples = []
    for sampler in (first, again, later):
        torch.manual_seed(0)
        samples.append(sampler.sample())
    for one, two in zip(samples[0], samples[1], strict=True):
        np.testing.assert_array_equal(one.actions.data, two.actions.data)
        np.testing.assert_array_equal(one.rewards.data, two.rewards.data)
    assert not np.array_equal(samples[0][4].rewards.data, samples[2][4].rewards.data)


def test_rewards_are_the_environments_scaled_by_one_minus_the_discount(tmp_path: Path) -> None:
    sampler = runner(tmp_path, "ippo", "trainer.team_share=1.0")
    hub, shop = sampler.sample(explore=False)[::4]
    np.testing.assert_allclose(hub.rewards.data, shop.rewards.data, rtol=1e-6)
    assert sampler.env is not None
    batched = sampler.env.batched
    assert batched.transition is not None
    network_cost = float(batched.transition.cost_by_agent[0].sum())
    expected = -0.01 * network_cost / 2 / batched.reward.scale_usd
    assert hub.rewards.data[-1] == pytest.approx(expected, rel=1e-4)
