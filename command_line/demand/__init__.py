"""`entrepot demand`: check a sales history, look at a demand model, fit the calibrated one; a file a command."""

from __future__ import annotations

import typer

from entrepot.command_line.demand.check import check_history
from entrepot.command_line.demand.days import write_days
from entrepot.command_line.demand.fit import fit_history
from entrepot.command_line.demand.show import show_demand

app = typer.Typer(
    no_args_is_help=True,
    help="Look at demand, and fit it to a sales history.",
    rich_markup_mode="markdown",
    add_completion=False,
)

app.command("check")(check_history)
app.command("fit")(fit_history)
app.command("days")(write_days)
app.command("show")(show_demand)
