from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.command_line.conftest import Entrepot

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "my_network"
PAGE = (ROOT / "docs" / "inference.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECORDS = ("--stock", "stock.csv", "--shipments", "shipments.csv", "--orders", "orders.csv", "--sales", "sales.csv")


@pytest.fixture
def example(entrepot: Entrepot, tmp_path: Path) -> Path:
    """The README's network and its records, in the folder where commands run."""
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_worked_example_says_and_orders_what_the_pages_print(entrepot: Entrepot, example: Path) -> None:
    result = entrepot("decide", "my_network.yaml", *RECORDS, "--date", "2026-11-25", "--out", "today.csv")
    assert result.exit_code == 0, result.output
    orders = (example / "today.csv").read_text(encoding="utf-8")
    assert f"```text\n{orders}```" in PAGE
    assert f"```text\n{orders}```" in README
    said, _, _ = result.stdout.partition("Orders of my_network")
    assert f"```text\n{said}```" in PAGE
    assert all(int(row["units"]) > 0 for row in csv.DictReader(orders.splitlines()))
    for row in csv.DictReader(orders.splitlines()):
        assert row["lane"] in result.stdout
        assert row["units"] in result.stdout
        assert row["why"].startswith("up to ")


def test_the_pages_print_the_examples_files() -> None:
    for name in ("stock.csv", "shipments.csv", "orders.csv"):
        assert f"```text\n{(EXAMPLE / name).read_text(encoding='utf-8')}```" in PAGE, name
    assert f"```text\n{(EXAMPLE / 'stock.csv').read_text(encoding='utf-8')}```" in README
    first = "".join((EXAMPLE / "sales.csv").read_text(encoding="utf-8").splitlines(keepends=True)[:4])
    assert f"```text\n{first}```" in PAGE
    assert f"```yaml\n{(EXAMPLE / 'my_network.yaml').read_text(encoding='utf-8')}```" in README


def test_json_holds_orders_remarks_and_where_they_come_from(entrepot: Entrepot, example: Path) -> None:
    result = entrepot("decide", "my_network.yaml", *RECORDS, "--date", "2026-11-25", "--json", "today.json")
    assert result.exit_code == 0, result.output
    content = json.loads((example / "today.json").read_text(encoding="utf-8"))
    assert {"lane", "origin", "destination", "mode", "sku", "units", "held", "why"} <= content["rows"][0].keys()
    assert {remark["kind"] for remark in content["remarks"]} == {"odd", "assumed"}
    assert content["provenance"]["age_seconds"] == 7200  # the stock of Shenzhen, 06:00 in China, at midnight UTC
    assert content["provenance"]["module"].startswith("kreen-pathwise/")


def test_orders_above_a_limit_are_held(entrepot: Entrepot, example: Path) -> None:
    result = entrepot(
        "decide", "my_network.yaml", *RECORDS, "--date", "2026-11-25", "--approval-units", 100, "--out", "today.csv"
    )
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader((example / "today.csv").read_text(encoding="utf-8").splitlines()))
    sea = [row for row in rows if row["mode"] == "sea"]
    assert sea
    assert all(row["units"] == "0" and int(row["held"]) > 0 for row in sea)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--date", "25.11.2026"), "date: '25.11.2026'; allowed: a date, YYYY-MM-DD"),
        (("--date", "2026-11-25", "--zone", "Mars/Olympus"), "zone: 'Mars/Olympus'; allowed: an IANA name"),
        (
            ("--date", "2026-11-25", "--zone", "moon=UTC"),
            "zones: 'moon'; allowed: shenzhen, california, factory, us_shop",
        ),
        (("--date", "2026-11-25", "--column", "node"), "--column: 'node'; allowed: COLUMN=THEIRS"),
        (("--date", "2026-11-25", "--lane-open", "moon=1"), "lane_open: 'moon'; allowed: factory→shenzhen:truck"),
        (("--date", "2026-11-25", "--policy", "nowhere"), "nowhere"),
        (("--date", "2026-11-25", "--covers", "stock.csv"), "--covers: 'stock.csv' can't be read"),
        (("--date", "2026-11-25", "--covers", "deep.json"), "--covers: 'deep.json' can't be read (nested too deep)"),
        (("--date", "2026-11-25", "--covers", "huge.json"), "--covers: 'huge.json' can't be read"),
        (("--date", "2026-11-25", "--covers", "pipe.json"), "--covers: 'pipe.json' can't be read"),
        (("--date", "2026-11-25", "--sales", "none.csv"), "sales: there is no file 'none.csv'"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_line(
    entrepot: Entrepot, example: Path, arguments: tuple[str, ...], said: str
) -> None:
    (example / "deep.json").write_text('{"cover_days": ' + "[" * 100_000)
    (example / "huge.json").write_text('{"cover_days": {"factory→shenzhen:truck": {"lamp": 1' + "0" * 400 + "}}}")
    os.mkfifo(example / "pipe.json")
    result = entrepot("decide", "my_network.yaml", *RECORDS, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
