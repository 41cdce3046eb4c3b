"""`entrepot token`: who may do what with a scheduler."""

from __future__ import annotations

from typing import Annotated

import typer

from entrepot.command_line.scheduling import Data
from entrepot.command_line.tables import console, table
from entrepot.scheduler.server.tokens import SCOPES, Tokens

app = typer.Typer(
    no_args_is_help=True,
    help="Who may send events to a scheduler, read from it and operate it.",
    rich_markup_mode="markdown",
    add_completion=False,
)
Name = Annotated[str, typer.Argument(help="For the audit; each name has one token.")]


@app.command("new")
def new(
    name: Name,
    data: Data,
    source: Annotated[str, typer.Option(help="Events may be sent of this source and those below it.")] = "/",
    scope: Annotated[
        list[str] | None, typer.Option(help=f"May be repeated: {', '.join(SCOPES)}. [default: events]")
    ] = None,
) -> None:
    """Make a token and print it, once: only its hash is kept. A server that runs knows it at once."""
    typer.echo(Tokens(data).issue(name, source, scope or ["events"]))


@app.command("list")
def show(data: Data) -> None:
    """Show which tokens there are."""
    rows = [
        {"name": token.name, "source": token.source, "scopes": ", ".join(token.scopes)} for token in Tokens(data).all()
    ]
    out = console()
    if rows:
        out.print(table("Tokens", rows))
    else:
        out.print("no tokens")


@app.command("withdraw")
def withdraw(name: Name, data: Data) -> None:
    """End a token; a server that runs refuses it at once."""
    Tokens(data).withdraw(name)
