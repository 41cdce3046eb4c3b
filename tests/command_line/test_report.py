from __future__ import annotations

from typer.testing import CliRunner

from entrepot.command_line import app


def test_a_network_in_which_nothing_wears_is_refused_in_a_line() -> None:
    found = CliRunner().invoke(app, ["report", "paper", "kreen"])
    assert found.exit_code != 0
    assert "kreen: nothing wears in it" in found.output
    assert "kreen_inside" in found.output
