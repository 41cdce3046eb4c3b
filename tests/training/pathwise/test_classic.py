"""The ordinary trainer on a textbook instance, within a small budget."""

import pytest
import torch

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock
from entrepot.envs.world import build_world
from entrepot.training.evaluation.validation import Validation
from entrepot.training.experiment import compose_experiment
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings

OPTIMUM = 4.7285
BEST_COVER_DAYS = 4.9
"""Of the base-stock rule on this instance, by trying covers in steps of a tenth of a day or two."""


@pytest.mark.slow
def test_a_few_seconds_of_training_beat_the_best_base_stock_of_a_lost_sales_system() -> None:
    experiment = compose_experiment(
        [
            "windows.episodes=128",
            "windows.warm_up_days=40",
            "trainer.iterations=40",
            "trainer.learning_rate=0.02",
            "validation.episodes=256",
            "evaluation.warm_up_days=60",
        ],
        name="classic",
    )
    world = build_world(experiment.network, experiment.demand)
    world = world.starting_from(torch.full((1, 1), BEST_COVER_DAYS))
    validation = Validation(experiment, world)

    def cost(policy: Policy) -> float:
        with torch.inference_mode():
            return validation.of(policy).cost_usd_per_day

    base_stock = cost(BaseStock.midway(world.attributes, world.attributes.base_cover_days))
    learner = Learner(experiment, PathwiseSettings.of(experiment.trainer), world)
    for _ in range(40):
        learner.step()
    learnt = cost(ModuleAgent(learner.module, world.attributes))
    assert OPTIMUM < learnt < base_stock - 0.15 * (base_stock - OPTIMUM)
