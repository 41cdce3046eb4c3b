"""The page of disruptions is what was saved."""

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_page_is_as_its_script_would_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    saved = (ROOT / "docs" / "results" / name for name in ("resilience.json", "resilience_exact.json"))
    live, exact = (json.loads(path.read_text(encoding="utf-8")) for path in saved)
    page = (ROOT / "docs" / "disruption.md").read_text(encoding="utf-8")
    written = importlib.import_module("resilience_page").text_of(live, exact)
    assert f"<!-- figures -->\n{written}\n<!-- end -->" in page, "run: python benchmarks/resilience_page.py"
