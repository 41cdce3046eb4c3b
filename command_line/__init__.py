"""The `entrepot` command: what there is, each command's file imported when it is called."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from entrepot.command_line.called import Called, told

COMMANDS = {
    "network": "Look at networks, and begin one.",
    "warehouse": "Look inside warehouses.",
    "equipment": "Compare how equipment is maintained.",
    "route": "Show the cheapest, the fastest and the cleanest way for a shipment, and all between that no other beats.",
    "demand": "Look at demand, and fit it to a sales history.",
    "decide": "Say what to order today, from a network and its records.",
    "train": "Train a policy, then judge it against the rules on held-out scenarios.",
    "sweep": "Search any keys of an experiment for the lowest cost in validation.",
    "evaluate": "Compare policies on the same held-out scenarios: cost with its parts, KPIs, paired differences.",
    "report": "Put the source paper's claims to the test.",
    "resilience": "See how policies stand disruptions: service kept, time to survive and to recover, cost.",
    "import": "Open a scheduler's store: stock as it was counted, 400 days of sales, open orders and shipments",
    "serve": "Serve the live scheduler: events in over HTTP, plans, and orders released once per lane at its cut-off.",
    "demo": "Watch the live scheduler at work: a twin plays the world, sends events, and takes orders by webhook.",
    "store": "Check and copy what a scheduler keeps.",
    "token": "Who may send events to a scheduler, read from it and operate it.",
    "decisions": "Look at a scheduler's plans and releases, and make a decision again.",
    "play": "Draw one episode of a policy, day by day, as a moving picture.",
    "export": "Turn a run's best policy into a module that runs without torch.",
}
"""Every command with the first line of its help; it stands in the file of its name as `app`."""
FILES = {"import": "opening"}
"""Of commands whose name is no name for a file of Python."""


class _Commands(typer.core.TyperGroup):
    """Knows its commands without importing them, and ends what a person can mend in a line.

    Anything else is a bug and keeps its traceback.
    """

    def __init__(self, **options: Any) -> None:
        """Args: as Typer has them."""
        super().__init__(**options)
        for name, line in COMMANDS.items():
            self.add_command(Called(name, help=line, file=f"{__name__}.{FILES.get(name, name)}"), name)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            status = told(error)
            if status is None:
                raise
            raise typer.Exit(status) from error


app = typer.Typer(
    cls=_Commands,
    name="entrepot",
    help="Train, judge and export policies for networks of warehouses.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from entrepot import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _entrepot(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass
