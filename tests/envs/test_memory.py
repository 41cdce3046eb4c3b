"""Freed memory is kept."""

import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource, torch
from entrepot.envs.memory import keep_freed_memory
if {keep} and not keep_freed_memory():
    print("no glibc")
    raise SystemExit
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):  # the first ones take what the later ones use again
    before = faults()
    for _ in range(8):
        torch.ones(2**24)  # 64 MiB
print(faults() - before)
"""


def faults(*, keep: bool) -> int:
    code = COUNT_FAULTS.format(keep=keep)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    if done.stdout.strip() == "no glibc":
        pytest.skip("this C library is not glibc")
    return int(done.stdout)


def test_large_tensors_reuse_memory_that_was_freed() -> None:
    assert faults(keep=True) * 10 < faults(keep=False)
