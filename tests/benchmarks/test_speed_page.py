"""The page of speed tells what the benchmarks saved, and on what it was measured."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
MACHINE = {"threads": 2, "cpus": 2, "cpu": "x86_64", "python": "3.11.7"}
ROWS: dict[str, dict[str, Any]] = {
    "twin": {
        "api": "twin",
        "environments": 1024,
        "skus": 32,
        "env_steps_per_s": 140_000.4,
        "agent_steps_per_s": 840_002.4,
        "cell_steps_per_s": 152_000_000.0,
        "peak_mib": 900.2,
    },
    "inference": {
        "skus": 2000,
        "p50_ms": 33.84,
        "p99_ms": 35.1,
        "cpu_p50_ms": 32.0,
        "cpu_p99_ms": 34.0,
        "import_s": 0.12,
        "rss_mib": 138.0,
    },
    "peers": {
        "size": "a step",
        "what": "peer",
        "environments": 1,
        "us_per_environment_day": 151.6,
        "share": None,
        "share_low": None,
        "share_high": None,
    },
    "rllib": {"trainer": "rllib_stock", "agent_steps_per_s": 2136.0, "ratio": None},
}


def test_the_page_shows_every_row_and_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    for name, row in ROWS.items():
        content = {"rows": [row], "provenance": {**MACHINE, "torch": "2.13.0", "rounds": 12}}
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    page = tmp_path / "speed.md"
    importlib.import_module("speed_page").main(figures=tmp_path, page=page)
    text = page.read_text(encoding="utf-8")
    assert "| `twin` | 1,024 | 32 | 140,000 | 840,002 | 152,000,000 | 900 |" in text
    assert "| 2,000 | 33.84 | 35.10 | 32.00 | 34.00 | 0.12 | 138 |" in text
    assert "| `a step` | `peer` | 1 | 152 | – | – | – |" in text
    assert "| `rllib_stock` | 2,136 | – |" in text
    assert "Results beside the CPU's in float64" in text
    assert text.count("*not measured*") == 4
    assert text.count("*2 threads; 2 × x86_64; Python 3.11.7; torch 2.13.0.*") == len(ROWS)


def test_a_gpus_figures_are_shown_with_its_name_and_what_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    page = importlib.import_module("speed_page")
    row = dict(zip(page.GPU, ("twin", "float32", "CUDA graph", 1024, 32, 0.25, 4096.0, 24_576.0, 900.0), strict=True))
    found = {
        "rows": [row],
        "parity": [dict(zip(page.PARITY, ("costs", 1.2e-7, None), strict=True))],
        "left_out": [{"what": what, "why": "out of memory"} for what in ("pathwise, 1", "pathwise, 2")],
        "provenance": {**MACHINE, "device": "GPU 9000", "devices": 1, "cuda": "13.0", "window_days": 100},
    }
    parts = page.gpu_parts(found)
    assert "| `twin` | `float32` | `CUDA graph` | 1,024 | 32 | 0.25 | 4,096 | 24,576 | 900 |" in parts["gpu"]
    assert "| `costs` | 1.2e-07 | – |" in parts["gpu_parity"]
    assert parts["gpu_left_out"] == "pathwise, 1, pathwise, 2 (out of memory)."
    assert parts["gpu_provenance"].startswith("*1 × GPU 9000; CUDA 13.0; 100 days a window; 2 threads")


def test_the_benchmarks_save_what_the_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    page = importlib.import_module("speed_page")
    assert tuple(page.COLUMNS["twin"]) == importlib.import_module("twin").COLUMNS
    assert tuple(page.COLUMNS["inference"]) == importlib.import_module("inference").COLUMNS
