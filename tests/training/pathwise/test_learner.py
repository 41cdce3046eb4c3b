from pathlib import Path

import torch

from entrepot.envs.world import World
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from tests.worlds.runs import tiny_experiment


def learner(world: World, *more: str, learning_rate: float = 0.004) -> Learner:
    settings = PathwiseSettings(iterations=12, learning_rate=learning_rate)
    return Learner(tiny_experiment(Path("unused"), *more), settings, world)


def test_learning_lowers_the_loss_on_the_same_scenarios(world: World) -> None:
    longer = ["windows.days=60", "windows.advance_days=1", "windows.windows_per_segment=12"]
    taught, untaught = learner(world, *longer), learner(world, *longer, learning_rate=1e-9)
    assert sum(taught.step().loss for _ in range(8)) < sum(untaught.step().loss for _ in range(8))


def test_a_restored_learner_goes_on_to_the_same_parameters(world: World, tmp_path: Path) -> None:
    straight, before, after = (learner(world) for _ in range(3))
    for _ in range(4):
        straight.step()
    for _ in range(2):
        before.step()
    torch.save(before.state(), tmp_path / "state.pt")
    after.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    steps = [after.step().iteration for _ in range(2)]
    assert steps == [3, 4]
    for name, value in straight.module.state_dict().items():
        torch.testing.assert_close(after.module.state_dict()[name], value, rtol=0, atol=0)
