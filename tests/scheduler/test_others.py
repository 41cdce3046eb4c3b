from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import python_calamine
import xlsxwriter
from typer.testing import Result

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.opening.others import given, kinds, mapped
from entrepot.scheduler.opening.tables import EXAMPLES
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.recovery import folded
from tests.command_line.conftest import entrepot as entrepot
from tests.scheduler.told import EXAMPLE, network

Command = Callable[..., Result]
NETWORK = EXAMPLE / "my_network.yaml"
LEDGER = (
    "Date\tFNSKU\tASIN\tMSKU\tTitle\tDisposition\tStarting Warehouse Balance\tReceipts\tCustomer Shipments\t"
    "Ending Warehouse Balance\tLocation\n"
    "11/23/2026\tX1\tB1\tkettle\tKettle\tSELLABLE\t40\t0\t-4\t36\tLGB8\n"
    "11/24/2026\tX1\tB1\tkettle\tKettle\tSELLABLE\t36\t0\t-5\t31\tLGB8\n"
    "11/24/2026\tX1\tB1\tkettle\tKettle\tCUSTOMER_DAMAGED\t2\t0\t0\t2\tLGB8\n"
    "11/24/2026\tX2\tB2\tlamp\tLamp\tSELLABLE\t9\t0\t0\t9\tLGB8\n"
    "11/24/2026\tX2\tB2\tlamp\tLamp\tSELLABLE\t3\t0\t-1\t2\tONT8\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "records"
    found.mkdir()
    shutil.copy(EXAMPLE / "sales.csv", found)
    return found


def mirror_of(live: Path) -> Mirror:
    return folded(connect_to_read(live), Places.of(network(), "Asia/Shanghai"))


def stock_of(live: Path) -> dict[tuple[str, str], int]:
    mirror = mirror_of(live)
    arrays, units = mirror.places.names.arrays, mirror.stock.units("on_hand", mirror.places)
    return {
        (node, sku): int(units[n, s]) // 1_000_000
        for n, node in enumerate(arrays.nodes)
        for s, sku in enumerate(arrays.skus)
        if mirror.stock.cells.get((0, n, s)) is not None
    }


def test_amazons_inventory_and_inbound_and_odoos_stock_open_a_store_together(
    entrepot: Command, folder: Path, tmp_path: Path
) -> None:
    inventory = tmp_path / "fba.txt"
    inventory.write_text(
        "sku\tfnsku\tafn-fulfillable-quantity\tafn-unsellable-quantity\tafn-reserved-quantity\t"
        "afn-inbound-shipped-quantity\nAMZ-KETTLE\tX1\t25\t3\t4\t60\nAMZ-LAMP\tX2\t110\t0\t0\t0\n"
    )
    inbound = tmp_path / "inbound.csv"
    inbound.write_text("ShipmentId,SellerSKU,QuantityShipped,QuantityReceived\nFBA15,AMZ-KETTLE,60,20\n")
    quants = tmp_path / "quants.xlsx"
    with xlsxwriter.Workbook(quants) as book:
        sheet = book.add_worksheet("Sheet1")
        rows = [
            ("Product", "Location", "Quantity", "Reserved Quantity"),
            ("[kettle] Kettle, steel", "SZX/Stock/Shelf 1", 100.0, 0.0),
            ("[kettle] Kettle, steel", "SZX/Stock/Shelf 2", 50.0, 10.0),
            ("[lamp] Lamp", "SZX/Stock", 90.0, 0.0),
            ("[lamp] Lamp", "Virtual Locations/Scrap", -7.0, 0.0),
        ]
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    result = entrepot(
        "import",
        folder,
        NETWORK,
        f"--data={tmp_path / 'live'}",
        "--zone=Asia/Shanghai",
        "--as-of=2026-11-25T06:00+08:00",
        f"--report=amazon_inventory={inventory},node=california",
        f"--report=amazon_inbound={inbound},lane=shenzhen->california:sea,departed=2026-11-20",
        f"--report=odoo_stock={quants}",
        *(f"--called={pair}" for pair in ("AMZ-KETTLE=kettle", "AMZ-LAMP=lamp", "SZX/Stock=shenzhen")),
        "--called=Virtual Locations=",
    )
    assert result.exit_code == 0, result.output + result.stderr
    assert stock_of(tmp_path / "live") == {
        ("shenzhen", "kettle"): 150,
        ("shenzhen", "lamp"): 90,
        ("california", "kettle"): 25,
        ("california", "lamp"): 110,
    }
    shipments = recorded(
        mirror_of(tmp_path / "live"), datetime.fromisoformat("2026-11-25T18:00+08:00")
    ).records.shipments
    assert isinstance(shipments, list)
    assert [(row["sku"], row["units"], row["departed"]) for row in shipments] == [("kettle", 40, "2026-11-20")]
    assert "1 of 4 rows are not for stock" in result.output


def test_amazons_ledger_tells_sellable_stock_of_its_last_day_and_sales(tmp_path: Path) -> None:
    path = tmp_path / "ledger.txt"
    path.write_text(LEDGER)
    found = mapped([given(f"amazon_ledger={path},node=california,market=us_shop")], {})
    assert found.problems == []
    stock = [(row.get("sku"), row.get("on_hand"), row.get("as_of")) for row in found.rows["stock"]]
    end = "2026-11-24T23:59"
    assert stock == [("kettle", "31", end), ("lamp", "9", end), ("lamp", "2", end)]
    sales = [(row.get("date"), row.get("sku"), row.get("units")) for row in found.rows["sales"]]
    assert sales[:2] == [("2026-11-23", "kettle", "4"), ("2026-11-24", "kettle", "5")]
    assert all(row.get("market") == "us_shop" for row in found.rows["sales"])


def test_erpnexts_total_is_no_stock_and_what_is_wrong_is_named_with_its_row(
    entrepot: Command, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "balance.csv"
    path.write_text("Item,Warehouse,Balance Qty\nkettle,Stores - K,12\nlmap,Stores - K,3\nTotal,,15\n")
    arguments = ["import", folder, NETWORK, "--preview", "--as-of=2026-11-25T06:00Z", "--called=Stores - K=california"]
    result = entrepot(*arguments, f"--report=erpnext_stock={path}")
    assert result.exit_code == 2
    assert "balance.csv: line 3: sku" in result.output
    assert "'lmap'" in result.output
    assert "Total" not in result.output
    other = entrepot(*arguments, f"--report=odoo_stock={path}")
    assert "column 'location' is missing" in other.output


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("sap=x.csv", "KIND of amazon_inbound, amazon_inventory"),
        ("amazon_inventory=x.txt", "say node=…"),
        ("odoo_stock=x.csv,node=la", "allowed: nothing"),
    ],
)
def test_a_report_that_can_not_be_read_says_what_can(text: str, allowed: str) -> None:
    with pytest.raises(ConfigurationError, match=allowed):
        given(text)


def test_every_kind_says_where_its_columns_are_documented_and_fills_columns_that_tables_have() -> None:
    for name, kind in kinds().items():
        assert kind.source.startswith("https://"), name
        for part in kind.tables:
            heads = EXAMPLES[part.table][0].split(",")
            assert {*part.columns, *part.given} <= {*heads, "lane", "departed"}, name


def test_an_empty_workbook_offers_the_networks_names_and_is_missing_its_rows_only(
    entrepot: Command, tmp_path: Path
) -> None:
    path = tmp_path / "opening.xlsx"
    assert entrepot("import", path, NETWORK, "--template").exit_code == 0
    with python_calamine.CalamineWorkbook.from_path(path) as book:
        assert book.sheet_names == ["read me", "names", *EXAMPLES]
        assert book.get_sheet_by_name("names").to_python()[1][:2] == ["shenzhen", "kettle"]
        assert book.get_sheet_by_name("stock").to_python() == [EXAMPLES["stock"][0].split(",")]
    assert "is there already" in entrepot("import", path, NETWORK, "--template").stderr
    result = entrepot("import", path, NETWORK, "--preview")
    assert result.exit_code == 2
    assert "nobody says when stock was counted" in result.output
    assert "1 things are wrong" in result.stderr
