from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
import typer

from entrepot.command_line.serve import app
from entrepot.scheduler.server.run import Address

FOLDER = Path(str(files("entrepot.configs.live")))


def options() -> set[str]:
    """That `entrepot serve` knows."""
    return {name for parameter in typer.main.get_command(app).params for name in parameter.opts}


def test_the_container_serves_with_options_that_there_are_as_no_root_and_is_looked_after() -> None:
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    entry = json.loads(re.search(r"^ENTRYPOINT (.*)$", text, flags=re.MULTILINE)[1])  # type: ignore[index]
    assert entry[:2] == ["entrepot", "serve"]
    assert {word for word in entry if word.startswith("--")} <= options()
    assert f"EXPOSE {Address.port}" in text
    assert f":{Address.port}/healthz" in text
    assert text.index("USER entrepot") < text.index("ENTRYPOINT")
    extras = re.search(r"/tmp/source\[([a-z,]+)\]", text)[1].split(",")  # type: ignore[index]
    declared = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f"\n{extra} = [" in declared for extra in extras)


def test_the_unit_serves_with_options_that_there_are() -> None:
    text = (FOLDER / "entrepot.service").read_text(encoding="utf-8")
    words = shlex.split(re.search(r"^ExecStart=(.*)$", text, flags=re.MULTILINE)[1])  # type: ignore[index]
    assert words[1] == "serve"
    assert {word for word in words if word.startswith("--")} <= options()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = (FOLDER / "entrepot.service").read_text(encoding="utf-8").replace("/opt/entrepot/bin/entrepot", "/bin/true")
    unit = tmp_path / "entrepot.service"
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False, timeout=60)
    assert "entrepot.service" not in done.stderr, done.stderr
