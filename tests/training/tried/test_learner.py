"""Trials show which way cost rises, and learning goes the other way, towards a known optimum."""

from pathlib import Path

import pytest
import torch

from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.world import build_world
from entrepot.training.tried.learner import uphill
from entrepot.training.tried.method import LocalTriedWorkers, learner_of
from tests.worlds.runs import assert_that_it_resumes_where_it_was_interrupted, small_experiment

OPTIMUM_USD = 4.04
"""A day, as `entrepot.agents.value_iteration` and Zipkin (2008, 'Old and new methods for lost-sales inventory systems')
have it."""
TRIED = ("trainer.credit=sku", "trainer.tried.decision_days=3")


def test_the_direction_is_that_in_which_costs_rise() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(400, 8, 5, generator=generator)
    slope = torch.tensor([3.0, 0.0, -1.0, 0.0, 2.0])
    first = 50.0 * torch.randn(400, 8, generator=generator)  # what the scenario costs whoever lives through it
    costs = torch.stack([first + noise @ slope, first - noise @ slope], dim=1).flatten(0, 1)
    found = uphill(costs, noise)
    assert torch.cosine_similarity(found, slope, dim=0) > 0.99


def test_where_costs_dont_hang_on_what_was_tried_the_direction_is_standard_normal() -> None:
    generator = torch.Generator().manual_seed(0)
    noise, costs = torch.randn(100, 8, 500, generator=generator), torch.randn(200, 8, generator=generator)
    assert uphill(costs, noise).square().mean() == pytest.approx(1.0, abs=0.2)


def test_an_interrupted_run_resumes_from_its_last_checkpoint(tmp_path: Path) -> None:
    assert_that_it_resumes_where_it_was_interrupted(small_experiment(tmp_path, "mappo", *TRIED))


def test_learning_closes_part_of_the_gap_to_a_known_optimum(tmp_path: Path) -> None:
    """One store that loses what it can't sell, lead time 1; learning starts from half as much again as is best."""
    name = "classic/lost_sales_lead_1_penalty_4"
    world = build_world(name, DemandSettings(name="classic/poisson_5"))
    experiment = small_experiment(
        tmp_path,
        "ippo",
        f"network={name}",
        "demand=classic/poisson_5",
        "trainer.credit=sku",
        "trainer.environments=256",
        "trainer.episode_days=32",
        "trainer.warm_up_days=32",
        "trainer.tried.decision_days=4",
        "trainer.tried.level_deviation=0",
        "trainer.tried.deviation=0.2",
        "trainer.tried.step=1.5",
    )
    world = world.starting_from(torch.full_like(world.attributes.base_cover_days, 3.5))  # about 2 days would be best
    learner = learner_of(experiment)
    workers = LocalTriedWorkers(experiment, world.attributes.base_cover_days, iteration=0)
    costs = []
    for _ in range(16):
        found = workers.trials(learner.weights())
        learner.step(found)
        costs.append(found[0].cost_usd_per_day)
    before, after = sum(costs[:3]) / 3, sum(costs[-4:]) / 4
    assert before > 1.2 * OPTIMUM_USD
    assert after > OPTIMUM_USD
    assert after - OPTIMUM_USD < 0.75 * (before - OPTIMUM_USD)
