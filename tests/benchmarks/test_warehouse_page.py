"""The page on warehouses tells what the benchmark saved."""

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_page_holds_the_figures_that_are_saved_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    content = json.loads((ROOT / "docs" / "warehouse.json").read_text(encoding="utf-8"))
    text = importlib.import_module("warehouse_page").text_of(content["rows"], content["provenance"])
    page = (ROOT / "docs" / "warehouse.md").read_text(encoding="utf-8")
    assert text in page
    assert "(0 of 12,000)" in text


def test_the_paper_s_claim_is_told_with_the_shape_that_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    page = importlib.import_module("warehouse_page")
    rows = [{"policy": "optimal_age", "shape": shape, "against_run_to_failure": -0.1 * shape} for shape in (1, 2, 3, 4)]
    assert "from shape 3 on" in page._claim(rows)
    assert "at none of these shapes" in page._claim(rows[:2])
