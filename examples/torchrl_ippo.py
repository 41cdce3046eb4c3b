"""Independent PPO in TorchRL, on the PettingZoo environment as it is: `python examples/torchrl_ippo.py`.

Warehouses own different numbers of lanes, so that their action spaces differ: each agent is a group of its own, with an
actor, a critic and a loss of its own.
"""

from __future__ import annotations

import argparse

import torch
from tensordict.nn import TensorDictModule, TensorDictSequential
from tensordict.nn.distributions import NormalParamExtractor
from torch import nn
from torchrl.collectors import Collector
from torchrl.envs import MarlGroupMapType, PettingZooWrapper, RewardSum, TransformedEnv
from torchrl.envs.utils import ExplorationType, set_exploration_type
from torchrl.modules import ProbabilisticActor, TanhNormal, ValueOperator
from torchrl.objectives import ClipPPOLoss, ValueEstimators

from entrepot.envs import warehouse_network_v0

HIDDEN = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="two_warehouses")
    parser.add_argument("--skus", type=int)
    parser.add_argument("--episode-days", type=int, default=90)
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--days", type=int, default=512, help="environment days between updates")
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args()

    torch.manual_seed(0)
    parallel = warehouse_network_v0.parallel_env(
        arguments.network,
        skus=arguments.skus,
        episode_days=arguments.episode_days,
        team_share=1.0,
        action_mask=False,  # TorchRL would take it for one of discrete actions
    )
    wrapped = PettingZooWrapper(parallel, group_map=MarlGroupMapType.ONE_GROUP_PER_AGENT, use_mask=False)
    groups = list(wrapped.group_map)
    env = TransformedEnv(
        wrapped,
        RewardSum(
            in_keys=[(group, "reward") for group in groups], out_keys=[(group, "episode_reward") for group in groups]
        ),
    )
    actors = {group: actor_of(env, group) for group in groups}
    losses = {group: loss_of(env, group, actors[group]) for group in groups}
    optimisers = {group: torch.optim.Adam(losses[group].parameters(), lr=3e-4) for group in groups}
    collector = Collector(
        env,
        TensorDictSequential(*actors.values()),
        frames_per_batch=arguments.days,
        total_frames=arguments.days * arguments.iterations,
        auto_register_policy_transforms=False,
    )
    for iteration, batch in enumerate(collector, start=1):
        reward = sum(float(batch["next", group, "reward"].mean()) for group in groups) / len(groups)
        for group, loss in losses.items():
            learn(batch, group, loss, optimisers[group], arguments.epochs)
        collector.update_policy_weights_()
        print(f"iteration {iteration}: mean reward {reward:.4f}")
    collector.shutdown()
    with torch.no_grad(), set_exploration_type(ExplorationType.DETERMINISTIC):
        episode = env.rollout(arguments.episode_days, policy=TensorDictSequential(*actors.values()))
    total = sum(float(episode["next", group, "reward"].sum()) for group in groups)
    print(f"{total * parallel.batched.reward.scale_usd / -episode.shape[0]:,.0f} USD a day with the policies' means")


def actor_of(env: TransformedEnv, group: str) -> ProbabilisticActor:
    """A Gaussian squashed into the group's action space."""
    space = env.full_action_spec[group, "action"]
    inputs, outputs = env.observation_spec[group, "observation"].shape[-1], space.shape[-1]
    network = nn.Sequential(
        nn.Linear(inputs, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2 * outputs), NormalParamExtractor()
    )
    return ProbabilisticActor(
        TensorDictModule(network, [(group, "observation")], [(group, "loc"), (group, "scale")]),
        spec=space,
        in_keys=[(group, "loc"), (group, "scale")],
        out_keys=[(group, "action")],
        distribution_class=TanhNormal,
        distribution_kwargs={"low": space.space.low, "high": space.space.high},
        return_log_prob=True,
        log_prob_key=(group, "sample_log_prob"),
    )


def loss_of(env: TransformedEnv, group: str, actor: ProbabilisticActor) -> ClipPPOLoss:
    """PPO's, with a critic of the group's own."""
    inputs = env.observation_spec[group, "observation"].shape[-1]
    critic = ValueOperator(
        nn.Sequential(nn.Linear(inputs, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1)),
        in_keys=[(group, "observation")],
        out_keys=[(group, "state_value")],
    )
    loss = ClipPPOLoss(actor, critic, entropy_bonus=False)
    loss.set_keys(
        action=(group, "action"),
        sample_log_prob=(group, "sample_log_prob"),
        value=(group, "state_value"),
        reward=(group, "reward"),
        done=(group, "done"),
        terminated=(group, "terminated"),
        advantage=(group, "advantage"),
        value_target=(group, "value_target"),
    )
    loss.make_value_estimator(ValueEstimators.GAE, gamma=0.99, lmbda=0.95)
    return loss


def learn(batch, group: str, loss: ClipPPOLoss, optimiser: torch.optim.Optimizer, epochs: int) -> None:
    """A few passes over the batch, in halves."""
    with torch.no_grad():
        loss.value_estimator(batch, params=loss.critic_network_params, target_params=loss.target_critic_network_params)
    for _ in range(epochs):
        for half in batch[torch.randperm(len(batch))].split(max(1, len(batch) // 2)):
            terms = loss(half)
            optimiser.zero_grad()
            (terms["loss_objective"] + terms["loss_critic"]).backward()
            nn.utils.clip_grad_norm_(loss.parameters(), 1.0)
            optimiser.step()


if __name__ == "__main__":
    main()
