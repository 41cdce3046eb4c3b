"""What an experiment's `observation` reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from entrepot.agents.rules import MinMax
from entrepot.configs.loader import ConfigurationError
from entrepot.envs import warehouse_network_v0
from entrepot.envs.central_planner import CentralPlanner
from entrepot.training.base_stock.file import BASE_STOCK
from entrepot.training.base_stock.kept import Tuning, what_is_tuned_on
from entrepot.training.base_stock.starts import read_rule
from entrepot.training.base_stock.tuning import tune_rule
from entrepot.training.content import content_of, differences
from entrepot.training.experiment import BaseStockSettings
from entrepot.training.pathwise.windows import Windows
from entrepot.training.rllib.worlds import describe_world
from entrepot.training.rllib.worlds import world_of as described_world
from entrepot.training.world import world_of
from tests.worlds.runs import IN_THIS_PROCESS, WINDOWS, tiny_experiment, train
from tests.worlds.tiny import tiny_world


def test_it_reaches_training_windows_runners_and_the_tuner(tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, "observation=as_live")
    world = world_of(experiment)
    assert world.observation == world.simulation().observation == "as_live"
    window = next(Windows(world, WINDOWS, seed=0).stream(lambda attributes, _: MinMax(attributes)))
    assert window.simulation.observation == "as_live"
    assert described_world(describe_world(experiment, world.attributes.base_cover_days)).observation == "as_live"


def test_what_is_tuned_on_one_observation_is_not_taken_for_another() -> None:
    exact, live = tiny_world(), tiny_world(observation="as_live")
    assert differences(content_of(exact), content_of(live)) == ["observation"]
    assert differences(what_is_tuned_on(exact, Tuning()), what_is_tuned_on(live, Tuning())) == ["observation"]


def test_environments_take_it() -> None:
    for env in (
        warehouse_network_v0.parallel_env("two_warehouses", skus=2, observation="as_live", seed=0),
        warehouse_network_v0.parallel_env(tiny_world(), observation="as_live", seed=0),
        CentralPlanner("two_warehouses", skus=2, observation="as_live"),
    ):
        assert env.batched.world.observation == "as_live"
    assert warehouse_network_v0.parallel_env(tiny_world(observation="as_live")).batched.world.observation == "as_live"


def test_one_that_is_not_there_is_refused_with_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"observation.*allowed: as_live, .*exact"):
        tiny_experiment(tmp_path, "observation=guessed")


def test_a_policy_is_trained_and_a_rule_tuned_on_what_a_live_system_knows(tmp_path: Path) -> None:
    once = "trainer.iterations=1"
    outcome, seen = train(tiny_experiment(tmp_path, "observation=as_live", *IN_THIS_PROCESS, once))
    assert outcome.iterations == len(seen) == 1
    found = {}
    for observation in ("exact", "as_live"):
        world = tiny_world(observation=observation)
        tuned = tune_rule(read_rule(BASE_STOCK), world, WINDOWS, BaseStockSettings(iterations=2), seed=0)
        found[observation] = tuned.cover
        assert tuned.cover.isfinite().all()
    assert not torch.equal(found["exact"], found["as_live"])
