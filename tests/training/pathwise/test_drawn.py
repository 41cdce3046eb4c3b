from pathlib import Path
from typing import Any

import pytest
import torch

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.drawn import drawn_named
from entrepot.envs.world import World
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.experiment import ExperimentSettings, compose_experiment
from entrepot.training.pathwise.drawn import HELD_OUT, HeldOut, worlds_of
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.policies import NOTHING_TUNED, build_policies
from entrepot.training.trainers.modules import neural_policy
from tests.worlds.runs import tiny_experiment, untrained_run

DRAWS = ("trainer.networks=random", "policy.covers=worked_out", "windows.skus=3")


def drawing(*more: str) -> ExperimentSettings:
    return tiny_experiment(Path("unused"), *DRAWS, *more)


def learner(world: World) -> Learner:
    experiment = drawing()
    return Learner(experiment, PathwiseSettings.of(experiment.trainer), world)


def test_every_segment_has_a_network_of_its_own_that_is_never_a_held_out_draw(world: World) -> None:
    for seed in (0, 7):
        at, again = (worlds_of("random", drawing(), seed, world) for _ in range(2))
        names = [at(segment).description.name for segment in range(4)]
        assert names == [again(segment).description.name for segment in range(4)]
        assert len(set(names)) == 4
        assert all(int(name.removeprefix("random-")) >= HELD_OUT for name in names)
        assert all(drawn_named(name) is not None for name in names)


def test_a_restored_learner_goes_on_over_the_same_networks_to_the_same_parameters(world: World) -> None:
    straight, before, after = (learner(world) for _ in range(3))
    for _ in range(4):
        straight.step()
    for _ in range(2):
        before.step()
    after.restore(before.state())
    assert [after.step().iteration for _ in range(2)] == [3, 4]
    for name, value in straight.module.state_dict().items():
        torch.testing.assert_close(after.module.state_dict()[name], value, rtol=0, atol=0)


def test_the_formula_of_covers_learns_along(world: World) -> None:
    one = learner(world)
    before = {name: value.clone() for name, value in one.module.state_dict().items()}
    for _ in range(2):
        one.step()
    after = one.module.state_dict()
    assert not torch.equal(after["covers.log_safety"], before["covers.log_safety"])
    assert torch.equal(one.cover_days, world.attributes.base_cover_days)


def test_held_out_networks_tell_a_policys_cost_over_the_untrained_ones(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("entrepot.training.pathwise.drawn.HELD_OUT_NETWORKS", 2)
    experiment = drawing()
    module = neural_policy(experiment)
    held_out = HeldOut("random", experiment, module, world)
    assert held_out.ratio(module) == pytest.approx(1.0)
    with torch.no_grad():
        assert module.covers is not None
        module.covers.log_safety.fill_(3.0)
    assert held_out.ratio(module) != pytest.approx(1.0)
    assert held_out.last != pytest.approx(1.0)


@pytest.mark.parametrize("setting", ["trainer.cover_learning_rate=0.1", "trainer.lost_sales=0.02"])
def test_what_is_of_one_network_is_refused_where_networks_are_drawn(setting: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed where networks are drawn"):
        compose_experiment([*DRAWS, setting])


def test_a_run_that_works_its_covers_out_is_judged_without_tuning(world: World, tmp_path: Path) -> None:
    folder = untrained_run(world, tmp_path, *DRAWS)
    tuning = Tuning(folder=tmp_path / "rules")
    build_policies([str(folder)], world, tuning)
    assert tuning.budgets == {folder.name: NOTHING_TUNED}
    assert not (tmp_path / "rules").exists()
