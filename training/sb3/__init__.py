"""Stable-Baselines3 on the batched environment: one planner for all lanes, or one policy that all agents share."""
