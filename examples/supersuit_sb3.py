"""Stable-Baselines3 through SuperSuit, on the PettingZoo environment as it is: `python examples/supersuit_sb3.py`.

SuperSuit tells agents apart, pads their action spaces to one size and hands all agents of all environments to PPO as
rows of one vectorised environment: they share one policy. Actions lie in [-1, 1], which PPO's Gaussian reaches from the
start, and all agents bear the mean cost.
"""

from __future__ import annotations

import argparse

import numpy as np
import supersuit
import torch
from stable_baselines3 import PPO

from entrepot.envs import warehouse_network_v0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="two_warehouses")
    parser.add_argument("--skus", type=int)
    parser.add_argument("--episode-days", type=int, default=90)
    parser.add_argument("--environments", type=int, default=8)
    parser.add_argument("--steps", type=int, default=100_000, help="agent-steps to train for")
    parser.add_argument("--rounds", type=int, default=5, help="how often the cost is told")
    arguments = parser.parse_args()

    env = warehouse_network_v0.parallel_env(
        arguments.network, skus=arguments.skus, episode_days=arguments.episode_days, action="unit", team_share=1.0
    )
    padded = supersuit.pad_action_space_v0(supersuit.agent_indicator_v0(env, type_only=False))
    rows = supersuit.concat_vec_envs_v1(
        supersuit.pettingzoo_env_to_vec_env_v1(padded),
        arguments.environments,
        num_cpus=1,
        base_class="stable_baselines3",
    )
    torch.manual_seed(0)  # PPO's own `seed` would ask SuperSuit's environment for a method it lacks
    rows.venv.reset(seed=0)  # each copy's series of scenarios starts from a seed of its own, and goes on from there
    model = PPO("MlpPolicy", rows, n_steps=32, batch_size=32 * rows.num_envs // 2, n_epochs=4, device="cpu")
    print(f"untrained: {cost_usd_per_day(model, padded):,.0f} USD a day")
    for _ in range(arguments.rounds):
        model.learn(arguments.steps // arguments.rounds, reset_num_timesteps=False)
        cost = cost_usd_per_day(model, padded)
        print(f"after {model.num_timesteps:,} agent-steps: {cost:,.0f} USD a day", flush=True)


def cost_usd_per_day(model: PPO, env) -> float:
    """Of the same four episodes each time, with the policy's means."""
    cost, days = 0.0, 0
    for seed in range(1_000_007, 1_000_011):
        observations, _ = env.reset(seed=seed)
        while env.agents:
            chosen, _ = model.predict(np.stack(list(observations.values())), deterministic=True)
            actions = dict(zip(observations, chosen, strict=True))
            observations, _, _, _, infos = env.step(actions)
            cost += sum(info["cost_usd"] for info in infos.values())
            days += 1
    return cost / days


if __name__ == "__main__":
    main()
