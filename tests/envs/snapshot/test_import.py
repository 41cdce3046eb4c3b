"""The live side loads what it needs without anything of training."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from importlib import import_module

ABSENT = {"torch", "ray", "gymnasium", "pettingzoo", "stable_baselines3", "pandas", "scipy", "matplotlib"}
for module in sys.argv[1:]:
    import_module(module)
    loaded = {name.partition(".")[0] for name in sys.modules} & ABSENT
    assert not loaded, f"{module} imports {loaded}"
"""
PRODUCTION = (
    "entrepot.envs.network",
    "entrepot.envs.snapshot",
    "entrepot.agents.inference",
    "entrepot.agents.recorded",
    "entrepot.command_line",
    "entrepot.command_line.network",
    "entrepot.command_line.decide",
)


def test_what_production_loads_imports_nothing_of_training() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *PRODUCTION], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
