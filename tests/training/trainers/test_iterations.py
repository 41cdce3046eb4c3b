"""What is done around the iterations of a method that learns nothing."""

from pathlib import Path

import pytest
from torch import Tensor

from entrepot.training.trainers.iterations import Iteration, Iterations, Progress
from entrepot.training.trainers.modules import learned_module
from entrepot.training.trainers.registry import Assignment, Outcome
from tests.training.assigned import world_of
from tests.training.tiny import tiny_experiment


class Idle:
    """Has the weights that it began with, and remembers what it saved."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        self._state = state
        self.saved: list[Progress] = []

    def iterate(self) -> Iteration:
        return Iteration(cost_usd_per_day=1.0, lost_share=0.0, environment_days=1)

    def policy_state(self) -> dict[str, Tensor]:
        return self._state

    def save(self, progress: Progress) -> None:
        self.saved.append(progress)


def run(folder: Path, progress: Progress, *, iterations: int, bar: float) -> tuple[Outcome, Progress]:
    experiment = tiny_experiment(folder)
    world = world_of(experiment)
    module = learned_module(experiment)
    method = Idle(module.state_dict())
    cover = world.attributes.base_cover_days
    assignment = Assignment(experiment, cover, bar, resume=progress.iteration > 0, report=lambda event: None)
    outcome = Iterations(assignment, world, module, iterations=iterations, seconds=None).until_done(method, progress)
    return outcome, method.saved[-1]


def test_a_resumed_run_still_says_when_the_base_stock_was_first_beaten(tmp_path: Path) -> None:
    first, progress = run(tmp_path, Progress(), iterations=2, bar=1e9)
    assert first.seconds_to_beat_base_stock is not None
    later, _ = run(tmp_path, progress, iterations=4, bar=1e9)
    assert later.seconds_to_beat_base_stock == first.seconds_to_beat_base_stock
    no_longer, _ = run(tmp_path, progress, iterations=4, bar=0.0)
    assert no_longer.seconds_to_beat_base_stock == first.seconds_to_beat_base_stock


def test_a_checkpoint_that_does_not_say_when_the_base_stock_was_beaten_can_be_gone_on_from(tmp_path: Path) -> None:
    old = Progress(iteration=2, seconds=5.0, best_cost_usd_per_day=1e8)
    outcome, progress = run(tmp_path, old, iterations=4, bar=1e9)
    assert outcome.seconds_to_beat_base_stock == pytest.approx(5.0, abs=1.0)
    assert progress.seconds_to_beat_base_stock == outcome.seconds_to_beat_base_stock
