"""What is done around the iterations of a method that learns nothing."""

from pathlib import Path

import pytest
from torch import nn

from entrepot.training.events import Event, nobody
from entrepot.training.trainers.checkpoints import Progress
from entrepot.training.trainers.job import Job
from entrepot.training.trainers.loop import Iteration, Learned, Loop
from entrepot.training.trainers.registry import learned_module
from tests.worlds.runs import tiny_experiment, world_of


class Idle:
    """Has the weights that it began with, and remembers what it saved."""

    def __init__(self, learned: Learned) -> None:
        self._learned = learned
        self.saved: list[Progress] = []

    def iterate(self) -> Iteration:
        return Iteration(cost_usd_per_day=1.0, lost_share=0.0, environment_days=1)

    def learned(self) -> Learned:
        return self._learned

    def save(self, progress: Progress) -> None:
        self.saved.append(progress)


def run(folder: Path, progress: Progress, *, iterations: int, bar: float) -> Progress:
    experiment = tiny_experiment(folder, f"trainer.iterations={iterations}")
    world = world_of(experiment)
    cover = world.attributes.base_cover_days
    module: nn.Module = learned_module(experiment)
    job = Job(experiment, cover, bar, resume=progress.iteration > 0, report=nobody)
    method = Idle(Learned(module, cover))
    done = Loop(job, world).run(method, progress)
    assert method.saved[-1] == done
    return done


def test_a_resumed_run_still_says_when_the_base_stock_was_first_beaten(tmp_path: Path) -> None:
    first = run(tmp_path, Progress(), iterations=2, bar=1e9)
    assert first.seconds_to_beat_base_stock is not None
    for bar in (1e9, 0.0):
        later = run(tmp_path, first, iterations=4, bar=bar)
        assert later.iteration == 4
        assert later.seconds_to_beat_base_stock == first.seconds_to_beat_base_stock


def test_the_first_of_equally_good_policies_is_kept_and_its_cost_told(tmp_path: Path) -> None:
    first = run(tmp_path, Progress(), iterations=2, bar=1e9)
    policy = (tmp_path / "tiny" / "policy.pt").stat().st_mtime_ns
    later = run(tmp_path, first, iterations=4, bar=1e9)
    assert later.best_cost_usd_per_day == first.best_cost_usd_per_day == later.score
    assert (tmp_path / "tiny" / "policy.pt").stat().st_mtime_ns == policy


@pytest.mark.parametrize("leads", [True, False])
def test_of_processes_that_learn_together_one_tells_and_all_save(tmp_path: Path, leads: bool) -> None:
    experiment = tiny_experiment(tmp_path)
    world, events = world_of(experiment), list[Event]()
    learned = Learned(learned_module(experiment), world.attributes.base_cover_days)
    method = Idle(learned)
    job = Job(experiment, learned.cover_days, None, resume=False, report=events.append)
    Loop(job, world, leads=leads).run(method, Progress())
    assert [progress.iteration for progress in method.saved] == [2, 4]
    assert [event.done for event in events] == ([1, 2, 3, 4] if leads else [])
