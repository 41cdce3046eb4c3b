"""`entrepot import`: open a scheduler's store from records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entrepot.command_line.recorded import Column, DateFormat
from entrepot.command_line.scheduling import Skus, Store, Zone, places_of
from entrepot.command_line.tables import console, table, tell
from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import WallClock
from entrepot.scheduler.opening.book import write_book
from entrepot.scheduler.opening.events import opening_of
from entrepot.scheduler.opening.others import given, mapped
from entrepot.scheduler.opening.tables import read_tables, write_template
from entrepot.scheduler.opening.writing import write_opening

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command("import")
def open_store(
    records: Annotated[
        Path, typer.Argument(metavar="FOLDER|BOOK", help="Files stock.csv, sales.csv, …, or sheets of these names.")
    ],
    network: Annotated[
        str | None, typer.Argument(help="A network that ships with the package, or the path of a YAML file.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="The scheduler's folder.", metavar="DIR")] = None,
    store: Store = None,
    as_of: Annotated[
        str | None, typer.Option(help="When stock was counted, if its rows don't say.", metavar="TIME")
    ] = None,
    zone: Zone = None,
    skus: Skus = None,
    column: Column = None,
    date_format: DateFormat = None,
    report: Annotated[
        list[str] | None,
        typer.Option(
            help="A report of another system, whose rows are added: amazon_inventory, amazon_ledger, amazon_inbound, "
            "odoo_stock, erpnext_stock; with the columns that it lacks. May be repeated.",
            metavar="KIND=FILE[,COLUMN=VALUE…]",
        ),
    ] = None,
    called: Annotated[
        list[str] | None,
        typer.Option(
            help="What a report's place or SKU is called here; nothing after the sign leaves its rows aside. May be "
            "repeated.",
            metavar="THEIRS=OURS",
        ),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would be written, and write nothing.")] = False,
    template: Annotated[
        bool,
        typer.Option(
            "--template",
            help="Write empty tables with examples into FOLDER, or a workbook where the name ends in .xlsx, which with "
            "NETWORK offers its names to choose from; and do nothing else.",
        ),
    ] = False,
) -> None:
    """Open a scheduler's store: stock as it was counted, 400 days of sales, open orders and shipments, the backlog.

    All that is wrong is named with file or sheet, row and column, and nothing is written until nothing is. Importing
    the same twice changes nothing. No server may run in the folder meanwhile. For example:

    `entrepot import records my_network.yaml --data live --zone Asia/Shanghai --preview`
    """
    out = console()
    if template and records.suffix.casefold() == ".xlsx":
        write_book(records, None if network is None else places_of(network, zone, skus))
        tell([f"wrote {records}"], out)
        return
    if template:
        tell([f"wrote {path}" for path in write_template(records)], out)
        return
    if network is None or (data is None and not preview):
        raise ConfigurationError("NETWORK, --data: both are needed (--data not for --preview)")
    places = places_of(network, zone, skus)
    names = dict(_theirs(text) for text in called or ())
    reports = mapped([given(text) for text in report or ()], names)
    found = read_tables(records, dict(_pair(text) for text in column or ()), reports)
    clock = WallClock()
    opening = opening_of(found.tables, places, as_of=places.moment(as_of), date_format=date_format)
    if opening.counts:
        rows = [{"table": name, "events": count} for name, count in opening.counts.items()]
        out.print(table(f"{'Would be' if preview else 'To be'} written", rows))
    tell([f"left aside: {name}" for name in found.passed_over], out)
    tell([*reports.remarks, *opening.remarks], out)
    problems = [*found.problems, *opening.problems]
    tell(problems, out)
    if problems:
        raise ConfigurationError(f"{records}: {len(problems)} things are wrong; nothing was written")
    if preview or data is None:
        out.print("nothing is wrong; nothing was written")
        return
    new = write_opening(data, places, clock, opening.events, store)
    out.print(f"{new} events written" if new else "this opening was written before; nothing has changed")


def _pair(text: str) -> tuple[str, str]:
    name, sign, theirs = text.partition("=")
    if not (name and sign and theirs):
        raise ConfigurationError(f"--column: {text!r}; allowed: COLUMN=THEIRS")
    return name.strip(), theirs.strip()


def _theirs(text: str) -> tuple[str, str]:
    theirs, sign, ours = text.rpartition("=")
    if not (theirs and sign):
        raise ConfigurationError(f"--called: {text!r}; allowed: THEIRS=OURS")
    return theirs.strip(), ours.strip()
