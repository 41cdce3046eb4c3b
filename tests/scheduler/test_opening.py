from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from entrepot.envs.snapshot import Records, snapshot_from_records
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.opening.tables import EXAMPLES
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.recovery import folded
from tests.command_line.conftest import entrepot as entrepot
from tests.scheduler.told import EXAMPLE, network

Command = Callable[..., Result]
NETWORK = EXAMPLE / "my_network.yaml"
ZONE = ("--zone", "Asia/Shanghai")
NOW = datetime.fromisoformat("2026-11-25T18:00+08:00")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    folder.mkdir()
    for path in EXAMPLE.glob("*.csv"):
        shutil.copy(path, folder)
    return folder


def test_an_opened_store_knows_what_the_records_say(entrepot: Command, records: Path, tmp_path: Path) -> None:
    result = entrepot("import", records, NETWORK, "--data", tmp_path / "live", *ZONE)
    assert result.exit_code == 0, result.output
    places = Places.of(network(), "Asia/Shanghai")
    found = recorded(folded(connect_to_read(tmp_path / "live"), places), NOW)
    from_events = snapshot_from_records(network(), found.records, found.date, zone="Asia/Shanghai")
    stock, sales, shipments, orders = (records / f"{name}.csv" for name in ("stock", "sales", "shipments", "orders"))
    from_files = snapshot_from_records(
        network(), Records(stock, sales, shipments, orders), "2026-11-25", zone="Asia/Shanghai"
    )
    for name, values in from_files.arrays.items():
        np.testing.assert_array_equal(from_events.arrays[name], values, err_msg=name)


def test_importing_twice_changes_nothing_and_another_count_of_the_same_time_is_refused(
    entrepot: Command, records: Path, tmp_path: Path
) -> None:
    arguments = ("import", records, NETWORK, "--data", tmp_path / "live", *ZONE)
    assert entrepot(*arguments).exit_code == 0
    again = entrepot(*arguments)
    assert again.exit_code == 0
    assert "nothing has changed" in again.output
    stock = records / "stock.csv"
    stock.write_text(stock.read_text().replace(",150,", ",151,"))
    other = entrepot(*arguments)
    assert other.exit_code == 2
    assert "same time with other content" in other.stderr
    events = connect_to_read(tmp_path / "live").execute("SELECT count(*) FROM events").fetchone()[0]
    assert events == 244


def test_all_that_is_wrong_is_named_and_nothing_is_written(entrepot: Command, records: Path, tmp_path: Path) -> None:
    (records / "stock.csv").write_text("node,sku,on_hand,as_of\nshenzen,lamp,3,2026-11-25T06:00Z\nshenzhen,lamp,x,\n")
    (records / "orders.csv").write_text("order,lane,sku,units\nP1,factory->shenzhen:truck,lamp,1.5\n")
    (records / "shipments.csv").write_text("lane,sku\nfactory->shenzhen:truck,lamp\n")
    result = entrepot("import", records, NETWORK, "--data", tmp_path / "live", *ZONE)
    assert result.exit_code == 2
    plain = " ".join(result.output.split())
    for said in (
        "stock.csv: line 2: node 'shenzen' is not in the network, did you mean 'shenzhen'?",
        "stock.csv: line 3: as_of: empty",
        "orders.csv: line 2: units: '1.5'; allowed: whole units",
        "shipments.csv: column 'units' is missing",
    ):
        assert said in plain
    assert "4 things are wrong; nothing was written" in result.stderr
    assert not (tmp_path / "live").exists()


def test_a_preview_writes_nothing_and_a_template_can_be_read(entrepot: Command, records: Path, tmp_path: Path) -> None:
    assert "nothing was written" in entrepot("import", records, NETWORK, "--preview", *ZONE).output
    blank = tmp_path / "blank"
    assert entrepot("import", blank, "--template").exit_code == 0
    assert {path.stem for path in blank.iterdir()} == set(EXAMPLES)
    result = entrepot("import", blank, NETWORK, "--preview", *ZONE)
    assert "is missing" not in result.output  # names are none of the network's, but columns are right
    assert result.exit_code == 2
    assert entrepot("import", blank, "--template").exit_code == 2
