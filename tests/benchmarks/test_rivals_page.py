"""The tables of rivals are what was saved, each world against its best rule."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def row(policy: str, cost: float | None, **more: float) -> dict[str, Any]:
    ends = {
        f"settled_cost_usd_per_day{end}": cost if cost is None else cost + by
        for end, by in (("", 0.0), ("_low", -9.0), ("_high", 9.0))
    }
    return {"world": "unlike", "policy": policy, **ends, "lost_share": 0.02, **more}


def pair(policy: str, baseline: str, ratio: float) -> dict[str, Any]:
    ratios = {
        f"{name}_ratio{end}": ratio * by
        for name in ("settled_cost", "lost_sales")
        for end, by in (("", 1.0), ("_low", 0.99), ("_high", 1.01))
    }
    return {"world": "unlike", "policy": policy, "baseline": baseline, **ratios}


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]) -> str:
    monkeypatch.syspath_prepend(str(FOLDER))
    figures, page = tmp_path / "rivals", tmp_path / "rivals.md"
    figures.mkdir()
    (figures / "one.json").write_text(json.dumps(content), encoding="utf-8")
    page.write_text("# Rivals\n\n<!-- rivals -->\nold\n<!-- /rivals -->\n\nmore\n", encoding="utf-8")
    readme = Path(__file__).parents[2] / "docs" / "results" / "readme"
    importlib.import_module("rivals_page").main(figures, readme, page)
    return page.read_text(encoding="utf-8")


def test_each_policy_is_told_against_the_best_tuned_rule_whichever_way_round_the_pair_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {
        "rows": [
            row("min_max", 400.0),
            row("base_stock", 600.0, tuning_s=98.4),
            row("s_S", 500.0),
            row("untrained", 520.0),
            row("trained", 480.0, training_s=326.0),
            row("released", None),
        ],
        "paired": [pair("s_S", "base_stock", 0.8), pair("trained", "s_S", 0.96), pair("trained", "untrained", 0.9)],
        "provenance": {"episodes": 64},
    }
    page = written(tmp_path, monkeypatch, content)
    # min_max is cheaper, but nobody tuned it.
    assert "| **`s_S`** | 500.0 (491.0–509.0) | 2.00 % | – | – | – |" in page
    assert (
        "| `base_stock` | 600.0 (591.0–609.0) | 2.00 % | +25.0 % (+23.8 to +26.3) | +25.0 % (+23.8 to +26.3) | 98 s |"
        in page
    )
    assert "| `trained` | 480.0 (471.0–489.0) | 2.00 % | −4.0 % (−5.0 to −3.0) |" in page
    assert "| `released` | not measured |" in page
    assert "untrained policy's cost by −10.0 % (−10.9 to −9.1)" in page
    assert page.startswith("# Rivals")
    assert page.endswith("<!-- /rivals -->\n\nmore\n")
    assert "old" not in page
