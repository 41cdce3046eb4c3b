"""Peers and ours are told by the same measure, and what isn't installed is asked for."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entrepot.training.experiment import compose_experiment


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    return importlib.import_module("peers")


def test_a_day_is_one_environments_and_ours_is_told_against_the_first_peer(peers: Any) -> None:
    rows = [
        peers.Row("theirs", ("theirs",), environments=2, days=5, peer=True),
        peers.Row("other", ("other",), peer=True),
        peers.Row("ours", ("ours",), environments=10),
    ]
    taken = [np.full((4, 3), 0.1), np.full((4, 3), 0.2), np.full((4, 3), 0.05)]
    theirs, other, ours = peers.figures("a step", rows, taken)
    assert theirs["us_per_environment_day"] == pytest.approx(1e4)
    assert (theirs["share"], other["share"]) == (None, None)
    assert ours["us_per_environment_day"] == pytest.approx(5e3)
    assert ours["share"] == pytest.approx(2.0)


def test_peers_that_are_not_installed_are_asked_for(peers: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="needed: a Python that has gym-invmgmt, stockpyl, idinn"):
        peers.versions_of(tmp_path / "python")
    with pytest.raises(SystemExit, match="No package metadata was found for"):
        peers.versions_of(Path(sys.executable))


def test_every_network_of_ours_steps(peers: Any) -> None:
    processes = importlib.import_module("peers_ours_process")
    for row in (
        row for rows in peers.SIZES.values() for row in rows if not row.peer and row.arguments[0] != "gradient"
    ):
        api, network, demand = row.arguments
        one, again, days = processes.APIS[api](network, demand, 1)
        again()
        one()
        assert days > 1


def test_a_gradient_steps_days_are_those_of_the_settings(peers: Any) -> None:
    assert compose_experiment(["run=peers"], name="classic").windows.days == peers.LEARNING_DAYS
