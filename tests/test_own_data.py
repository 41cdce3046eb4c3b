"""The walk of docs/own-data.md, command by command."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
TRAINING = next(place for place, block in enumerate(BLOCKS) if "entrepot train" in block)
SMALL = (
    "trainer.iterations=2 validation.every=2 validation.episodes=4 validation.days=20 evaluation.episodes=4 "
    "evaluation.days=20 evaluation.warm_up_days=20 windows.episodes=4 windows.days=40 windows.warm_up_days=20 "
    "windows.advance_days=10 windows.windows_per_segment=2 base_stock.iterations=2 compute.workers=1"
)
"""Budgets that take no time, in place of those that the page has."""


def walked(blocks: list[str], folder: Path) -> str:
    """What the commands print, run one after the other in an empty folder that has the clone's examples."""
    (folder / "examples").symlink_to(ROOT / "examples")
    commands = folder / "bin"
    commands.mkdir()
    for name, arguments in (("python", ""), ("entrepot", "-W ignore -m entrepot")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (commands / name).chmod(0o755)
    script = "set -e\n" + "".join(
        re.sub(r"^(entrepot train .*)$", rf"\1 {SMALL}", block, flags=re.MULTILINE) for block in blocks
    )
    path = os.pathsep.join([str(commands), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def orders_in(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_thirteen_weeks_become_orders_and_print_what_the_page_says(tmp_path: Path) -> None:
    printed = walked(BLOCKS[:TRAINING], tmp_path)
    (expected,) = re.findall(r"^```text\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert expected in printed
    orders = orders_in(tmp_path / "my_shop" / "today.csv")
    assert len(orders) > 20
    assert all(int(order["units"]) > 0 for order in orders)


@pytest.mark.slow
def test_a_policy_is_trained_exported_and_decides(tmp_path: Path) -> None:
    printed = walked(BLOCKS, tmp_path)
    assert "total, stock settled" in printed
    assert "first/0001" in printed
    assert orders_in(tmp_path / "my_shop" / "today.csv")
