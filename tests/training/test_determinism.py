"""The same seed, on one machine and with one worker, trains the same policy bit for bit."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import ray
import torch

from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from tests.training.sb3.test_trainer import experiment_of
from tests.worlds.runs import small_experiment, tiny_experiment, train, world_of

ROOT = Path(__file__).parents[2]
STEPS = 3


def pathwise(folder: Path, seed: int) -> dict[str, torch.Tensor]:
    experiment = tiny_experiment(folder, f"seed={seed}")
    learner = Learner(experiment, PathwiseSettings.model_validate(experiment.trainer), world_of(experiment))
    for _ in range(STEPS):
        learner.step()
    return {**learner.module.state_dict(), "cover_days": learner.cover_days}


def reinforcement(folder: Path, seed: int, kind: str) -> dict[str, torch.Tensor]:
    change = [f"seed={seed}", f"trainer.iterations={STEPS}"]
    if kind.startswith("sb3"):
        experiment = experiment_of(folder, kind, *change)
    elif kind == "ippo":
        experiment = small_experiment(folder, kind, "trainer.actor=mlp", "trainer.sharing=separate", *change)
    else:
        experiment = small_experiment(folder, kind, *change)
    outcome, _ = train(experiment)
    state: dict[str, torch.Tensor] = torch.load(outcome.policy_file, weights_only=True)["module"]
    return state


def digest(state: dict[str, torch.Tensor]) -> str:
    parts = [name.encode() + state[name].detach().cpu().numpy().tobytes() for name in sorted(state)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def every_digest(folder: Path, seed: int) -> dict[str, str]:
    kinds = ("ippo", "mappo", "sb3_ppo", "sb3_sac")
    return {
        "pathwise": digest(pathwise(folder / "pathwise", seed)),
        **{kind: digest(reinforcement(folder / kind, seed, kind)) for kind in kinds},
    }


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_two_processes_agree_on_every_bit_and_another_seed_differs(tmp_path: Path) -> None:
    """Processes of their own, since Python's order of sets differs from one to the next."""
    cluster = ray.get_runtime_context().gcs_address
    found: list[dict[str, str]] = []
    for hashing, seeds in {"1": ["1"], "2": ["1", "2"]}.items():
        done = subprocess.run(
            [sys.executable, "-m", "tests.training.test_determinism", str(tmp_path / hashing), cluster, *seeds],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hashing, "PYTHONPATH": os.pathsep.join(["src", "."])},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
        found += map(json.loads, done.stdout.splitlines()[-len(seeds) :])
    first, again, other = found
    assert first == again
    assert all(first[kind] != other[kind] for kind in first)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_learners_steps_do_not_hang_on_what_was_computed_before(tmp_path: Path, threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        first = digest(pathwise(tmp_path, 3))
        torch.rand(7)
        assert digest(pathwise(tmp_path, 3)) == first
    finally:
        torch.set_num_threads(before)


if __name__ == "__main__":
    torch.set_num_threads(1)
    place, address, *asked = sys.argv[1:]
    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    print("\n".join(json.dumps(every_digest(Path(place) / seed, int(seed))) for seed in asked))
