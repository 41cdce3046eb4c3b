from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
from typer.testing import Result

from entrepot.scheduler.clock import SimulatedClock
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.folder import DATABASE, MIRROR
from entrepot.scheduler.store.recovery import Kept
from entrepot.scheduler.store.writer import Writer
from tests.command_line.conftest import entrepot as entrepot
from tests.scheduler.told import EXAMPLE, START, event, moved, network

Command = Callable[..., Result]
NETWORK = EXAMPLE / "my_network.yaml"


def opened(folder: Path) -> Writer:
    writer = Writer(folder, Places.of(network()), SimulatedClock(START))
    writer.take([event("receipt", moved(n), n) for n in range(1, 9)]).result()
    return writer


def test_a_store_is_checked_and_copied_while_a_server_runs(entrepot: Command, tmp_path: Path) -> None:
    writer = opened(tmp_path / "live")
    checked = entrepot("store", "check", NETWORK, "--data", tmp_path / "live")
    assert checked.exit_code == 0, checked.output
    copy = tmp_path / "copy.sqlite"
    assert entrepot("store", "backup", copy, "--data", tmp_path / "live").exit_code == 0
    assert entrepot("store", "backup", copy, "--data", tmp_path / "live").exit_code == 2
    before = writer.submit(lambda turn: turn.mirror.digest()).result()
    writer.close()
    (tmp_path / "restored").mkdir()
    shutil.copy(copy, tmp_path / "restored" / DATABASE)
    restored = Writer(tmp_path / "restored", Places.of(network()), SimulatedClock(START))
    assert restored.submit(lambda turn: turn.mirror.digest()).result() == before
    restored.close()


def test_a_kept_mirror_that_differs_from_its_log_is_found(entrepot: Command, tmp_path: Path) -> None:
    opened(tmp_path / "other").close()
    writer = opened(tmp_path / "live")
    writer.close()
    path = tmp_path / "live" / MIRROR
    kept = msgspec.msgpack.decode(path.read_bytes(), type=Kept)
    writer = Writer(tmp_path / "more", Places.of(network()), SimulatedClock(START))
    writer.take([event("receipt", moved(99), n) for n in range(1, 9)]).result()
    writer.close()
    wrong = msgspec.msgpack.decode((tmp_path / "more" / MIRROR).read_bytes(), type=Kept)
    path.write_bytes(msgspec.msgpack.encode(msgspec.structs.replace(wrong, last=kept.last)))
    checked = entrepot("store", "check", NETWORK, "--data", tmp_path / "live")
    assert checked.exit_code == 1
    assert "differs from the log" in " ".join(checked.stderr.split())
