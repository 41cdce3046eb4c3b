"""What an experiment's `disruption` reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from entrepot.agents.rules import MinMax
from entrepot.configs.loader import ConfigurationError, locate
from entrepot.envs import warehouse_network_v0
from entrepot.envs.central_planner import CentralPlanner
from entrepot.envs.world import build_world
from entrepot.training.content import content_of, differences
from entrepot.training.experiment import compose_experiment
from entrepot.training.pathwise.windows import Windows
from entrepot.training.rllib.worlds import describe_world
from entrepot.training.rllib.worlds import world_of as described_world
from entrepot.training.run import told_of
from entrepot.training.world import world_of
from tests.worlds.runs import WINDOWS, tiny_experiment
from tests.worlds.tiny import tiny_world


def test_it_reaches_training_windows_and_runners(tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, "disruption=lunar_new_year")
    world = world_of(experiment)
    assert "disruption: lunar_new_year: Suppliers in China and Vietnam" in told_of(world)
    window = next(Windows(world, WINDOWS, seed=0).stream(lambda attributes, _: MinMax(attributes)))
    assert window.scenario.known_lane_open is not None
    described = described_world(describe_world(experiment, world.attributes.base_cover_days)).network.disruption
    assert described is not None
    assert described.described.name == "lunar_new_year"


def test_a_path_is_taken_and_null_is_nothing(tmp_path: Path) -> None:
    path = str(locate("disruption", "fire").resolve())
    experiment = tiny_experiment(tmp_path, f"disruption={path}")
    assert experiment.disruption == path
    assert experiment.with_absolute_paths().disruption == path
    assert compose_experiment(["disruption=null"]).disruption is None


def test_what_is_tuned_with_it_is_not_taken_for_what_is_tuned_without() -> None:
    burning = build_world("two_warehouses", disruption="fire")
    assert differences(content_of(tiny_world()), content_of(burning)) == ["disruption"]


def test_environments_take_it() -> None:
    for env in (
        warehouse_network_v0.parallel_env("two_warehouses", skus=2, disruption="fire", seed=0),
        CentralPlanner("two_warehouses", skus=2, disruption="fire"),
    ):
        env.reset(seed=0)
        assert env.batched.scenario.stock_lost is not None
        assert env.batched.scenario.stock_lost.max() == torch.tensor(0.4)
    with pytest.raises(ConfigurationError, match="disruption: allowed only where the network is not a world"):
        warehouse_network_v0.parallel_env(tiny_world(), disruption="fire")


def test_one_that_is_not_there_is_refused_with_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no 'flood'; allowed: equipment_storm, fire"):
        world_of(tiny_experiment(tmp_path, "disruption=flood"))
