"""What a scheduler may rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from entrepot.agents import inference


def test_the_public_face_is_this_and_no_more() -> None:
    assert inference.__all__ == [
        "Decision",
        "InferenceError",
        "InferenceModule",
        "InputRefused",
        "Limits",
        "ModuleRefused",
        "Reason",
        "Tolerance",
        "Versions",
        "Why",
        "load",
    ]


def test_the_benchmark_writes_a_row_for_each_number_of_skus(folder: Path, tmp_path: Path) -> None:
    program = Path(__file__).parents[3] / "benchmarks" / "inference.py"
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(program), str(folder), "--skus", "4", "--skus", "9", "--runs", "3"]
    done = subprocess.run([*command, "--json", str(figures)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    content = json.loads(figures.read_text())
    assert [row["skus"] for row in content["rows"]] == [4, 9]
    columns = {"skus", "p50_ms", "p99_ms", "cpu_p50_ms", "cpu_p99_ms", "import_s", "rss_mib"}
    assert all(set(row) == columns for row in content["rows"])
    assert content["provenance"]["threads"] == 1
