"""The README's tables are what `entrepot evaluate` saved."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def row(policy: str, cost: float) -> dict[str, Any]:
    settled = {f"settled_cost_usd_per_day{end}": cost + more for end, more in (("", 0), ("_low", -9), ("_high", 9))}
    return {
        "policy": policy,
        **settled,
        "cost_usd_per_day": cost - 5,
        "lost_share": 0.02,
        "inventory_turnover_per_year": 5.0,
    }


def pair(policy: str, baseline: str, ratio: float) -> dict[str, Any]:
    ends = (("", 0.0), ("_low", -0.01), ("_high", 0.02))
    return {
        "policy": policy,
        "baseline": baseline,
        **{f"{name}_ratio{end}": ratio + more for name in ("settled_cost", "lost_sales") for end, more in ends},
    }


def test_the_learned_policy_is_told_against_the_best_rule_and_against_itself_untrained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    content = {
        "rows": [row("dear", 3000.0), row("cheap", 2000.4), row("untrained", 1900.0), row("learned", 2100.0)],
        "paired": [pair("learned", "dear", 0.7), pair("learned", "cheap", 1.05), pair("learned", "untrained", 0.5)],
        "provenance": {"episodes": 256, "days": 180, "warm_up_days": 90, "skus": 32, "remarks": []},
    }
    for name in ("generated", "history"):
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    page = tmp_path / "README.md"
    page.write_text("before\n\n<!-- results -->\nold\n<!-- /results -->\nafter\n", encoding="utf-8")
    importlib.import_module("readme_results").main(figures=tmp_path, page=page)
    text = " ".join(page.read_text(encoding="utf-8").split())
    assert text.startswith("before <!-- results --> **What a clone gives**")
    assert text.endswith("<!-- /results --> after")
    assert "old" not in text
    assert "| cheap | 2,000 (1,991–2,009) | 1,995 | 2.00 % | 5.0 |" in text
    assert "`learned` costs 5.0 % more (4.0 to 7.0 %) than `cheap`, the best rule; its lost sales are 5.0 %" in text
    assert "Than before any training it costs 50.0 % less (48.0 to 51.0 %)" in text
