"""`entrepot import`: open a scheduler's store from records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entrepot.command_line.recorded import Column, DateFormat
from entrepot.command_line.scheduling import Skus, Zone, places_of
from entrepot.command_line.tables import console, table, tell
from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import WallClock
from entrepot.scheduler.opening.events import opening_of
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
    as_of: Annotated[
        str | None, typer.Option(help="When stock was counted, if its rows don't say.", metavar="TIME")
    ] = None,
    zone: Zone = None,
    skus: Skus = None,
    column: Column = None,
    date_format: DateFormat = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would be written, and write nothing.")] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Write empty tables with examples into FOLDER, and do nothing else.")
    ] = False,
) -> None:
    """Open a scheduler's store: stock as it was counted, 400 days of sales, open orders and shipments, the backlog.

    All that is wrong is named with file or sheet, row and column, and nothing is written until nothing is. Importing
    the same twice changes nothing. No server may run in the folder meanwhile. For example:

    `entrepot import records my_network.yaml --data live --zone Asia/Shanghai --preview`
    """
    out = console()
    if template:
        tell([f"wrote {path}" for path in write_template(records)], out)
        return
    if network is None or (data is None and not preview):
        raise ConfigurationError("NETWORK, --data: both are needed (--data not for --preview)")
    places = places_of(network, zone, skus)
    found = read_tables(records, dict(_pair(text) for text in column or ()))
    clock = WallClock()
    opening = opening_of(found.tables, places, as_of=places.moment(as_of), date_format=date_format)
    if opening.counts:
        rows = [{"table": name, "events": count} for name, count in opening.counts.items()]
        out.print(table(f"{'Would be' if preview else 'To be'} written", rows))
    tell([f"left aside: {name}" for name in found.passed_over], out)
    tell(opening.remarks, out)
    problems = [*found.problems, *opening.problems]
    tell(problems, out)
    if problems:
        raise ConfigurationError(f"{records}: {len(problems)} things are wrong; nothing was written")
    if preview or data is None:
        out.print("nothing is wrong; nothing was written")
        return
    new = write_opening(data, places, clock, opening.events)
    out.print(f"{new} events written" if new else "this opening was written before; nothing has changed")


def _pair(text: str) -> tuple[str, str]:
    name, sign, theirs = text.partition("=")
    if not (name and sign and theirs):
        raise ConfigurationError(f"--column: {text!r}; allowed: COLUMN=THEIRS")
    return name.strip(), theirs.strip()
