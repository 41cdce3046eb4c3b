from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

Entrepot = Callable[..., Result]


@pytest.fixture
def entrepot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entrepot:
    """Run the command in an empty folder."""
    from entrepot.command_line import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
