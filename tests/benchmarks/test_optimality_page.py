"""The page of known optima: what it says of its figures."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("optimality_page")


def row(name: str, gap: float, **more: Any) -> dict[str, Any]:
    figures = dict.fromkeys(("cost", "cost_low", "cost_high", "base_stock_cost", "optimum", "training_s"), 4.0)
    return {"instance": name, "gap_percent": gap, "gap_percent_low": gap, "gap_percent_high": gap, **figures, **more}


def text(page: Any, *rows: dict[str, Any]) -> str:
    gaps = [found["gap_percent"] for found in rows]
    summary = {"mean_gap_percent": sum(gaps) / len(gaps), "largest_gap_percent": max(gaps), "longest_training_s": 4.0}
    provenance = {"evaluation": {"episodes": 4, "days": 5}, "torch": "2"}
    return str(page.text_of({"rows": list(rows), "summary": summary, "provenance": provenance}))


def test_it_says_whether_the_aim_is_reached_and_which_instances_are_beyond_it_or_not_measured(
    page: Any,
) -> None:
    near, far = row("serial_problem_6_1", 0.1), row("one_warehouse_3_stores", 0.61, measured="2026-11-29")
    assert "is reached." in text(page, near)
    found = text(page, near, far)
    assert "is not reached. Beyond 0.6 %: one warehouse 3 stores (0.61 %)." in found
    assert "Not measured: lost sales lead 1 penalty 4, " in found
    assert "| 4 | 2026-11-29 |" in found
    assert "| 4 | – |" in found


def test_the_page_is_what_the_saved_figures_make_it(page: Any, tmp_path: Path) -> None:
    page.main(figures=ROOT / "docs" / "optimality.json", page=tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == (ROOT / "docs" / "optimality.md").read_text("utf-8")
    assert json.loads((ROOT / "docs" / "optimality.json").read_text(encoding="utf-8"))["rows"]
