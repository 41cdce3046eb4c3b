"""Two learners that agree on each gradient, on a device each: rows of `benchmarks/gpu.py`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
from gpu_parts import EAGER, FLOAT32, PATHWISE, Part, measure, world_of

LEARNERS = 2


def two_learners(
    network: str, environments: int, skus: int, window_days: int, seconds: float, device_type: str
) -> list[dict[str, Any]]:
    """The pathwise row with two learners, each of so many environments; figures are of both together."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meeting"
        answers = [Path(folder) / f"{rank}.pt" for rank in range(LEARNERS)]
        arguments = (str(meeting), folder, network, environments, skus, window_days, seconds, device_type)
        multiprocessing.spawn(_learner, args=arguments, nprocs=LEARNERS)  # type: ignore[no-untyped-call]
        rows = [torch.load(path, weights_only=True) for path in answers]
    both: dict[str, Any] = {**rows[0], "how": f"eager, {LEARNERS} learners", "environments": LEARNERS * environments}
    for name in ("env_steps_per_s", "agent_steps_per_s"):
        both[name] = sum(row[name] for row in rows)
    return [both]


def _learner(
    rank: int,
    meeting: str,
    folder: str,
    network: str,
    environments: int,
    skus: int,
    window_days: int,
    seconds: float,
    device_type: str,
) -> None:
    device = torch.device("cuda", rank) if device_type == "cuda" else torch.device("cpu")
    if device_type == "cuda":
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // LEARNERS))
    backend = "nccl" if device_type == "cuda" else "gloo"
    distributed.init_process_group(backend, init_method=f"file://{meeting}", rank=rank, world_size=LEARNERS)
    try:
        world = world_of(network, skus, device)
        part = Part(PATHWISE, FLOAT32, EAGER)
        row = measure(part, world, environments, window_days, seconds, learners=LEARNERS)
        torch.save(row, Path(folder) / f"{rank}.pt")
    finally:
        distributed.destroy_process_group()
