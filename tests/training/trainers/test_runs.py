import dataclasses
from pathlib import Path

import pytest
import torch

from entrepot.agents.inference.manifest import Names
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.trainers.runs import kept_cover, load_run
from tests.worlds.runs import tiny_experiment, untrained_run


@pytest.fixture
def run(world: World, tmp_path: Path) -> Path:
    return untrained_run(world, tmp_path)


def test_a_damaged_policy_file_is_refused_by_name(run: Path) -> None:
    (run / "policy.pt").write_bytes(b"no weights")
    with pytest.raises(ConfigurationError, match="tiny"):
        load_run(run)


def test_weights_of_another_shape_are_refused(run: Path) -> None:
    torch.save({"module": {"cell.weight": torch.zeros(2, 2)}, "cover_days": torch.ones(3, 4)}, run / "policy.pt")
    with pytest.raises(ConfigurationError, match="does not fit"):
        load_run(run)


def test_covers_of_a_run_whose_history_is_gone_are_not_taken_on_trust(world: World, run: Path) -> None:
    assert load_run(run).cover_in(world) is not None
    gone = tiny_experiment(run.parent, "demand.path=gone.csv")
    write_atomically(run / "experiment.json", gone.model_dump_json())
    assert load_run(run).cover_in(world) is None


def test_covers_are_joined_by_name_to_a_network_in_another_order(world: World) -> None:
    cover = torch.arange(len(world.network.lanes) * len(world.network.skus)).reshape(len(world.network.lanes), -1)
    names = Names(
        "turned",
        world.network.nodes,
        (),
        world.network.markets[::-1],
        world.network.lanes[::-1],
        world.network.skus[::-1],
    )
    turned = cover.flip(0, 1), world.attributes.demand_mean.flip(0, 1)
    joined = kept_cover(*turned, names, world)
    assert joined is not None
    assert torch.equal(joined, cover)
    other = dataclasses.replace(names, lanes=("elsewhere", *names.lanes[1:]))
    assert kept_cover(*turned, other, world) is None
