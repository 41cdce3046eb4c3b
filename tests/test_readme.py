"""What the README and the docs show runs as it stands there."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from entrepot.configs.loader import available, validate
from entrepot.envs.demand.calibration.traces import HistoryDescription
from entrepot.envs.network.loading import network_from

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RELEASED = "checkpoints/released/kreen-pathwise"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_readme_has_the_blocks_that_are_tried_here() -> None:
    assert len(blocks("python")) == 2
    assert len(blocks("yaml")) == 2


@pytest.mark.parametrize("code", blocks("python"))
def test_python_of_the_readme_runs_from_the_top_of_the_clone(code: str) -> None:
    if RELEASED in code and not (ROOT / RELEASED).is_dir():
        pytest.skip(f"{RELEASED} is not in this checkout")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_yaml_of_the_readme_is_a_network_and_a_demand() -> None:
    network, demand = (yaml.safe_load(text) for text in blocks("yaml"))
    described = network_from(network, source="README.md")
    assert described.warehouses == ["shenzhen", "california"]
    assert demand.pop("kind") == "history"
    validate(HistoryDescription, demand, "README.md")


def test_the_two_commands_of_the_readme_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"^make ([a-z-]+)", "\n".join(blocks("sh")), flags=re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_digests_that_are_published_are_those_of_the_released_manifests() -> None:
    released = ROOT / "checkpoints" / "released"
    for line in (released / "DIGESTS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((released / name).read_bytes()).hexdigest() == digest, name
        assert f'load("checkpoints/released/{Path(name).parent}", manifest_digest="{digest}")' in README


def test_networks_that_the_readme_names_ship() -> None:
    assert "kreen" in available("network")
