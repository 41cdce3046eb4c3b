"""Gymnasium knows our environments by id, and `import entrepot` stays light."""

import subprocess
import sys

import pytest

FOUND = "assert 'entrepot/CentralPlanner-v0' in gymnasium.registry"


@pytest.mark.parametrize(
    "program",
    [
        f"import entrepot, gymnasium; {FOUND}; assert not gymnasium.__loader__.__module__.startswith('entrepot')",
        f"import gymnasium, entrepot; {FOUND}",
        "import sys, entrepot; assert not {'gymnasium', 'torch', 'numpy'} & set(sys.modules)",
        # The core install lacks gymnasium: to ask for it must fail as it would without us.
        "import sys, entrepot\nsys.path_importer_cache.clear(); sys.path[:] = []\n"
        "try:\n    import gymnasium\nexcept ModuleNotFoundError as error:\n    assert error.name == 'gymnasium'\n"
        "else:\n    raise AssertionError",
    ],
)
def test_in_a_fresh_process(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
