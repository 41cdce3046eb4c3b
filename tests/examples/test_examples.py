"""Other people's trainers run on the environment as it is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    "supersuit_sb3.py": ["--steps", "64", "--environments", "2", "--rounds", "1"],
    "torchrl_ippo.py": ["--iterations", "2", "--days", "20", "--epochs", "1"],
}


def test_every_example_is_tried_here() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == set(EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_trains_and_says_what_its_policy_costs(name: str) -> None:
    small = ["--network", "two_warehouses", "--skus", "2", "--episode-days", "8"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *small, *EXAMPLES[name]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    last = done.stdout.strip().splitlines()[-1]
    cost = re.search(r"([\d,]+) USD a day", last)
    assert cost is not None, done.stdout
    assert int(cost[1].replace(",", "")) > 0
