"""`entrepot store`: check and copy what a scheduler keeps."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from entrepot.command_line.scheduling import Data, Network, Skus, Store, Zone, places_of
from entrepot.command_line.tables import console, tell
from entrepot.configs.errors import ConfigurationError, EntrepotError, cannot_write
from entrepot.scheduler.store.folder import DATABASE, MIRROR, connect_to_read, open_file
from entrepot.scheduler.store.recovery import folded, recover

app = typer.Typer(
    no_args_is_help=True,
    help="Check and copy what a scheduler keeps.",
    rich_markup_mode="markdown",
    add_completion=False,
)


class StoreDiffersError(EntrepotError):
    """What is kept isn't what the log says."""

    exit_code = 1


@app.command("check")
def check(network: Network, data: Data, store: Store = None, zone: Zone = None, skus: Skus = None) -> None:
    """Fold the whole log anew and compare it with what a restart would begin from; check the file's own integrity.

    A server may run meanwhile. Ends with 1 where something differs.
    """
    places, connection, out = places_of(network, zone, skus), connect_to_read(data, store), console()
    trouble = []
    if store is None:
        trouble = [row[0] for row in connection.execute("PRAGMA quick_check(5)").fetchall() if row[0] != "ok"]
    connection.execute("BEGIN")  # both see the same log, though a server may add to it
    begun, recovery = recover(connection, data, places)
    whole = folded(connection, places)
    connection.execute("COMMIT")
    tell(
        [
            f"{recovery.position} events; {recovery.replayed} after the mirror that was kept"
            + (f", which is not used: {recovery.why}" if recovery.why else ""),
            f"digest {whole.digest()}",
        ],
        out,
    )
    if begun.digest() != whole.digest():
        trouble.append(f"the mirror that was kept differs from the log; remove {data / MIRROR}, start anew")
    if trouble:
        raise StoreDiffersError(f"{data}: {'; '.join(trouble)}")
    out.print("the same as a fresh fold")


@app.command("backup")
def backup(data: Data, to: Annotated[Path, typer.Argument(metavar="FILE", help="Must not be there yet.")]) -> None:
    """Copy the store into one file while a server runs; whole, as of one moment. Tokens are not in it.

    Of a store in PostgreSQL, `pg_dump` makes one.
    """
    source = open_file(data)
    if to.exists():
        raise ConfigurationError(f"FILE: {str(to)!r} is there already; it is left as it is")
    part = to.with_name(f".{to.name}.part")
    try:
        part.unlink(missing_ok=True)
        target = sqlite3.connect(part)
        with target:
            source.backup(target)
        target.close()
        os.replace(part, to)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise cannot_write(to, error if isinstance(error, OSError) else OSError(str(error))) from error
    tell([f"wrote {to}; restore it as {DATABASE} in an empty folder"], console())
