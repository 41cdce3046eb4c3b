from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_a_server_that_is_killed_loses_nothing_acknowledged_and_sends_no_order_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARKS.parent / "src"))
    row = import_module("live_faults").trials(tmp_path / "live", 4, seed=5)
    for name in list(sys.modules):
        if name.startswith("live_"):
            del sys.modules[name]
    assert row["acknowledged"] > 0
    assert (row["acknowledged_lost"], row["orders_doubled"], row["digests_differ"]) == (0, 0, 0)
