"""The library serves production, where neither torch nor ray is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from importlib.abc import MetaPathFinder

ABSENT = {"torch", "ray", "gymnasium", "pettingzoo", "stable_baselines3", "pandas", "onnx", "onnxscript", "scipy"}


class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, Absent())
import numpy as np
from entrepot.agents.inference import load

module = load(sys.argv[1])
with np.load(sys.argv[1] + "/golden.npz") as archive:
    decision = module.decide({name: archive[name] for name in module.manifest.snapshot}, age_seconds=1.0)
assert set(decision.source) == {"policy"}, decision.explain()
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & ABSENT, loaded & ABSENT
ours = {"entrepot.agents", "entrepot.configs", "entrepot.configs.errors", "entrepot.registration"}
others = {name for name in sys.modules if name.startswith("entrepot.")} - ours
assert all(name.startswith("entrepot.agents.inference") for name in others), others
print("decided")
"""


def test_a_module_is_loaded_and_decides_where_neither_torch_nor_ray_is_installed(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout == "decided\n", done.stderr
