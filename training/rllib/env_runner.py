"""The runner: steps the batched environment and hands the learner whole arrays as episodes."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.callbacks.utils import make_callback
from ray.rllib.core.columns import Columns
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer
from ray.rllib.utils.metrics import (
    EPISODE_AGENT_RETURN_MEAN,
    EPISODE_LEN_MEAN,
    EPISODE_MODULE_RETURN_MEAN,
    EPISODE_RETURN_MAX,
    EPISODE_RETURN_MEAN,
    EPISODE_RETURN_MIN,
    NUM_AGENT_STEPS_SAMPLED,
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_EPISODES,
    NUM_EPISODES_LIFETIME,
    NUM_MODULE_STEPS_SAMPLED,
    NUM_MODULE_STEPS_SAMPLED_LIFETIME,
    SAMPLE_TIMER,
    WEIGHTS_SEQ_NO,
)
from torch import Tensor

from entrepot.configs.loader import validate
from entrepot.envs.memory import keep_freed_memory
from entrepot.training.rllib.environment import AgentsEnvironment, Today
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rllib.worlds import world_of

COST_USD_PER_DAY = "cost_usd_per_day"
LOST_SHARE = "lost_share"
ARRAYS = dict[str, NDArray[Any]]


class BatchedEnvRunner(MultiAgentEnvRunner):  # type: ignore[misc]
    """Samples B environments at once; `env_config` holds `world` (from `describe_world`) and `trainer`."""

    def make_env(self) -> None:
        """Build the environments; the series of scenarios starts where the runner's count of steps says."""
        keep_freed_memory()
        content = self.config.env_config
        self._settings = validate(PpoSettings, content["trainer"], "trainer")
        self.env: AgentsEnvironment | None = None
        self._make(seed=None)
        self._needs_initial_reset = True
        self._returns: NDArray[np.float32] = np.zeros(0, np.float32)
        self._episode_ids: list[str] = []
        self._today: Today | None = None

    def sample(
        self,
        *,
        num_timesteps: int | None = None,
        num_episodes: int | None = None,
        explore: bool | None = None,
        random_actions: bool = False,
        force_reset: bool = False,
    ) -> list[SingleAgentEpisode]:
        """Steps of all environments, cut into an episode for each environment and agent.

        Args:
            num_timesteps: environment steps, rounded up to whole days of all environments.
            num_episodes: whole episodes instead, rounded up to all environments.
            explore: whether to draw actions or take their means; as the configuration says if None.
            random_actions: whether to draw actions from a standard normal.
            force_reset: whether to begin new episodes first.
        """
        if num_timesteps is not None and num_episodes is not None:
            raise ValueError("sample: num_timesteps and num_episodes are both given; allowed: one of them")
        explore = self.config.explore if explore is None else explore
        self.metrics.log_value(WEIGHTS_SEQ_NO, self._weights_seq_no, window=1)
        with self.metrics.log_time(SAMPLE_TIMER), torch.no_grad():
            days = self._days(num_timesteps, num_episodes)
            if force_reset or num_episodes is not None or self._needs_initial_reset:
                self._reset()
            episodes: list[SingleAgentEpisode] = []
            while days > 0:
                batched = self.env.batched  # type: ignore[union-attr]
                chunk = min(days, batched.episode_days - batched.day)
                episodes += self._chunk(chunk, explore=explore, random_actions=random_actions)
                days -= chunk
            make_callback(
                "on_sample_end",
                callbacks_objects=self._callbacks,
                callbacks_functions=self.config.callbacks_on_sample_end,
                kwargs={"env_runner": self, "metrics_logger": self.metrics, "samples": episodes},
            )
        return episodes

    def get_metrics(self) -> Any:
        """What was logged while sampling, reduced."""
        return self.metrics.reduce()

    def assert_healthy(self) -> None:
        """Raise an error unless environment and module are there."""
        if self.env is None or self.module is None:
            raise RuntimeError("the runner has no environment or no module")

    def _days(self, num_timesteps: int | None, num_episodes: int | None) -> int:
        if num_episodes is not None:
            return self._settings.episode_days * -(-num_episodes // self.num_envs)
        if num_timesteps is not None:
            return -(-num_timesteps // self.num_envs)
        return int(self.config.get_rollout_fragment_length(self.worker_index))

    def _make(self, seed: int | None) -> None:
        self.env = AgentsEnvironment(world_of(self.config.env_config["world"]), self._settings, seed=seed)
        self.num_envs = self.env.num_envs

    def _reset(self) -> None:
        if self._needs_initial_reset and self._seed is not None:
            # A runner that takes over from a checkpoint must not live through the first scenarios again.
            entropy = [self._seed, int(self.num_env_steps_sampled_lifetime)]
            self._make(seed=int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1))
        assert self.env is not None
        self._needs_initial_reset = False
        self._today = self.env.reset()
        self._episode_ids = [uuid.uuid4().hex for _ in range(self.num_envs)]
        self._returns = np.zeros((self.num_envs, len(self.env.agents)), np.float32)

    def _chunk(self, days: int, *, explore: bool, random_actions: bool) -> list[SingleAgentEpisode]:
        """Live through days that lie within one episode."""
        env, today = self.env, self._today
        assert env is not None
        assert today is not None
        begin = env.batched.day
        seen, outputs, rewards = [today], [], []
        figures = torch.zeros(3)  # USD, units lost, units asked for
        for _ in range(days):
            output = self._act(today, explore=explore, random_actions=random_actions)
            today, reward = env.step(output[Columns.ACTIONS])
            figures += env.figures()
            seen.append(today)
            outputs.append(output)
            rewards.append(reward)
        self._today = today
        self._log_steps(days, figures)
        over = env.is_over
        reward_array = np.stack(rewards)  # [T, B, A]
        self._returns += reward_array.sum(axis=0)
        episodes = self._episodes(
            {name: _by_time([day.tensors[name] for day in seen]) for name in today.tensors},
            {name: _by_time([output[name] for output in outputs]) for name in outputs[0]},
            reward_array,
            begin=begin,
            over=over,
        )
        if over:
            self._log_episodes()
            self._reset()
        return episodes

    def _act(self, today: Today, *, explore: bool, random_actions: bool) -> dict[str, Tensor]:
        """Actions [B, A, K · S] with their distributions and logarithms of likelihood."""
        env = self.env
        assert env is not None
        by_module: dict[str, list[int]] = defaultdict(list)
        for number, agent in enumerate(env.agents):
            by_module[self._settings.module_of(agent)].append(number)
        parts: dict[str, list[Tensor]] = defaultdict(list)
        order: list[int] = []
        for name, agents in by_module.items():
            module = self.module[name]
            answer = module.forward_exploration({Columns.OBS: today.rows(torch.tensor(agents))})
            inputs = answer[Columns.ACTION_DIST_INPUTS]
            distribution = module.get_exploration_action_dist_cls().from_logits(inputs)
            if random_actions:
                actions = torch.randn(len(inputs), inputs.shape[1] // 2)
            else:
                actions = (distribution if explore else distribution.to_deterministic()).sample()
            outputs = {
                Columns.ACTIONS: actions,
                Columns.ACTION_LOGP: distribution.logp(actions),
                Columns.ACTION_DIST_INPUTS: inputs,
            }
            for column, value in outputs.items():
                parts[column].append(value.view(self.num_envs, len(agents), *value.shape[1:]))
            order += agents
        if len(by_module) == 1:
            return {name: values[0] for name, values in parts.items()}
        place = torch.tensor(order).argsort()
        return {name: torch.cat(values, dim=1)[:, place] for name, values in parts.items()}

    def _episodes(
        self, seen: ARRAYS, outputs: ARRAYS, rewards: NDArray[np.float32], *, begin: int, over: bool
    ) -> list[SingleAgentEpisode]:
        """One for each environment and agent, as views of the arrays [T, B, A, …]."""
        assert self.env is not None
        days = len(rewards)
        infos: list[dict[str, Any]] = [{} for _ in range(days + 1)]
        return [
            SingleAgentEpisode(
                id_=f"{self._episode_ids[place]}-{agent}-{begin}",
                observations=InfiniteLookbackBuffer({key: value[:, place, number] for key, value in seen.items()}),
                infos=InfiniteLookbackBuffer(infos.copy()),
                actions=InfiniteLookbackBuffer(outputs[Columns.ACTIONS][:, place, number]),
                rewards=InfiniteLookbackBuffer(rewards[:, place, number]),
                extra_model_outputs={
                    key: InfiniteLookbackBuffer(value[:, place, number])
                    for key, value in outputs.items()
                    if key != Columns.ACTIONS
                },
                truncated=over,
                t_started=begin,
                len_lookback_buffer=0,
                agent_id=agent,
                module_id=self._settings.module_of(agent),
                multi_agent_episode_id=self._episode_ids[place],
            )
            # Agent by agent: RLlib deals them out in turn, so that every learner gets all agents.
            for number, agent in enumerate(self.env.agents)
            for place in range(self.num_envs)
        ]

    def _log_steps(self, days: int, figures: Tensor) -> None:
        assert self.env is not None
        steps = days * self.num_envs
        self._log_env_steps(metric=self._metrics_num_env_steps_sampled, num_steps=steps)
        self.metrics.log_value(NUM_ENV_STEPS_SAMPLED, steps, reduce="sum")
        self.metrics.log_value(NUM_ENV_STEPS_SAMPLED_LIFETIME, steps, reduce="lifetime_sum", with_throughput=True)
        cost, lost, asked = figures.tolist()
        self.metrics.log_value(COST_USD_PER_DAY, cost / steps, window=1)
        self.metrics.log_value(LOST_SHARE, lost / max(asked, 1.0), window=1)
        for agent in self.env.agents:
            module = self._settings.module_of(agent)
            self.metrics.log_value((NUM_AGENT_STEPS_SAMPLED, agent), steps, reduce="sum")
            self.metrics.log_value((NUM_AGENT_STEPS_SAMPLED_LIFETIME, agent), steps, reduce="lifetime_sum")
            self.metrics.log_value((NUM_MODULE_STEPS_SAMPLED, module), steps, reduce="sum")
            self.metrics.log_value((NUM_MODULE_STEPS_SAMPLED_LIFETIME, module), steps, reduce="lifetime_sum")

    def _log_episodes(self) -> None:
        """Of the episodes that have just ended, all of one length."""
        assert self.env is not None
        days = self.env.batched.episode_days
        self.metrics.log_value(NUM_EPISODES, self.num_envs, reduce="sum")
        self.metrics.log_value(NUM_EPISODES_LIFETIME, self.num_envs, reduce="lifetime_sum")
        returns = self._returns.sum(axis=1)
        by_agent = dict(zip(self.env.agents, self._returns.mean(axis=0).tolist(), strict=True))
        by_module: dict[str, float] = defaultdict(float)
        for agent, value in by_agent.items():
            by_module[self._settings.module_of(agent)] += value
        means = {
            EPISODE_LEN_MEAN: days,
            EPISODE_RETURN_MEAN: float(returns.mean()),
            EPISODE_AGENT_RETURN_MEAN: by_agent,
            EPISODE_MODULE_RETURN_MEAN: dict(by_module),
        }
        self.metrics.log_dict(means, window=1)
        self.metrics.log_value(EPISODE_RETURN_MIN, float(returns.min()), reduce="min", window=1)
        self.metrics.log_value(EPISODE_RETURN_MAX, float(returns.max()), reduce="max", window=1)


def _by_time(days: list[Tensor]) -> NDArray[Any]:
    """[T, B, A, …] of a tensor for each day.

    What is the same for all agents is kept once: agents get views of it.
    """
    if days[0].dim() > 2 and days[0].stride(1) == 0:
        once = torch.stack([day[:, 0] for day in days]).numpy()
        return np.broadcast_to(once[:, :, None], (*once.shape[:2], days[0].shape[1], *once.shape[2:]))
    values: NDArray[Any] = torch.stack(days).numpy()
    return values
