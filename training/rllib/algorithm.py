"""From an experiment to RLlib's configuration of it."""

from __future__ import annotations

from typing import Any

from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from torch import Tensor

from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.env_runner import BatchedEnvRunner
from entrepot.training.rllib.learner import ArraysLearner
from entrepot.training.rllib.module import WarehouseModule
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rllib.worlds import describe_world, world_of

UNLIMITED_VALUE_LOSS = 1e9


class ModuleOfAgent:
    """RLlib's mapping from agents to modules, as something that can be pickled."""

    def __init__(self, settings: PpoSettings) -> None:
        """Args: the trainer's settings."""
        self._settings = settings

    def __call__(self, agent: str, *_: Any, **__: Any) -> str:
        """The module's name."""
        return self._settings.module_of(agent)


def ppo_config(experiment: ExperimentSettings, base_cover_days: Tensor) -> PPOConfig:
    """RLlib's configuration.

    Args:
        experiment: settings; `trainer` those of `PpoSettings`.
        base_cover_days: [L, S] that policies start from.
    """
    settings = PpoSettings.of(experiment.trainer)
    content = describe_world(experiment.with_absolute_paths(), base_cover_days)
    agents = world_of(content).network.agents
    model = {"world": content, "trainer": settings.model_dump(mode="json"), "policy": experiment.policy.model_dump()}
    modules = list(dict.fromkeys(settings.module_of(agent) for agent in agents))
    runners = experiment.compute.workers if experiment.compute.workers > 1 else 0
    environment_days = max(1, runners) * settings.environments * settings.rollout_days
    learners = max(1, settings.learners)
    rows_a_day = len(agents) if settings.sharing == "shared" else 1
    on_gpu = experiment.compute.device == "cuda"
    config = (
        PPOConfig()
        .environment(
            "entrepot",  # never made: the runner builds its own
            env_config={"world": content, "trainer": model["trainer"]},
            disable_env_checking=True,
        )
        .env_runners(
            env_runner_cls=BatchedEnvRunner,
            num_env_runners=runners,
            num_envs_per_env_runner=settings.environments,
            rollout_fragment_length=settings.rollout_days,
        )
        .learners(
            learner_class=ArraysLearner,
            num_learners=settings.learners,
            num_gpus_per_learner=1 if on_gpu else 0,
            add_default_connectors_to_learner_pipeline=False,
        )
        .multi_agent(policies=set(modules), policy_mapping_fn=ModuleOfAgent(settings), count_steps_by="agent_steps")
        .rl_module(
            rl_module_spec=MultiRLModuleSpec(
                rl_module_specs={
                    name: RLModuleSpec(module_class=WarehouseModule, model_config=model) for name in modules
                }
            )
        )
        .training(
            lr=settings.learning_rate,
            gamma=settings.gamma,
            lambda_=settings.gae_lambda,
            clip_param=settings.clip_range,
            num_epochs=settings.epochs,
            train_batch_size_per_learner=environment_days * len(agents) // learners,
            minibatch_size=min(settings.minibatch_days * learners, environment_days) * rows_a_day // learners,
            shuffle_batch_per_epoch=False,  # `WholeMoments` has shuffled, and rows of a moment stay together
            use_kl_loss=False,
            vf_loss_coeff=settings.value_weight,
            vf_clip_param=UNLIMITED_VALUE_LOSS,
            entropy_coeff=settings.entropy_weight,
            grad_clip=settings.max_grad_norm,
            grad_clip_by="global_norm",
        )
        .fault_tolerance(restart_failed_env_runners=True)
        .debugging(seed=experiment.seed, log_level="ERROR")
    )
    return config
