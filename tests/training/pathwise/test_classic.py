"""The ordinary trainer on a textbook instance, within a small budget."""

import torch

from entrepot.agents.neural import NeuralAgent
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock
from entrepot.configs.loader import validate
from entrepot.training.experiment import build_world, compose_experiment
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.pathwise.validation import Validation

OPTIMUM = 4.7285
BEST_COVER_DAYS = 4.9
"""Of the base-stock rule on this instance, by trying covers in steps of a tenth of a day or two."""


def test_a_few_seconds_of_training_go_most_of_the_way_from_base_stock_to_the_optimum_of_lost_sales() -> None:
    experiment = compose_experiment(
        [
            "windows.episodes=128",
            "windows.warm_up_days=40",
            "trainer.iterations=120",
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

    base_stock = cost(BaseStock(world.attributes, world.attributes.base_cover_days))
    learner = Learner(experiment, validate(PathwiseSettings, experiment.trainer, "trainer"), world)
    for _ in range(120):
        learner.step()
    learnt = cost(NeuralAgent(learner.module, world.attributes))
    assert learnt - OPTIMUM < 0.5 * (base_stock - OPTIMUM)
