"""The `entrepot` command."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from entrepot.agents.inference import InferenceError
from entrepot.agents.planners.solve import PlanningError
from entrepot.command_line import demand, network
from entrepot.command_line.evaluate import evaluate
from entrepot.command_line.export import export
from entrepot.command_line.sweep import sweep
from entrepot.command_line.tables import errors
from entrepot.command_line.train import train
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.memory import keep_freed_memory
from entrepot.training.trainers.iterations import TrainingError

_REFUSED = (ConfigurationError, InferenceError)
"""What a person gave can't be used; they mend it and try again."""
_FAILED = (TrainingError, PlanningError)
"""The work was begun and could not be finished, for reasons that the message tells."""


class _Commands(TyperGroup):
    """Readies the process for large batches; turns what a person can mend into a message.

    Anything else is a bug and keeps its traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        keep_freed_memory()
        try:
            return super().invoke(ctx)
        except (*_REFUSED, *_FAILED) as error:
            errors().print(str(error), style="bold red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(2 if isinstance(error, _REFUSED) else 1) from error


app = typer.Typer(
    cls=_Commands,
    name="entrepot",
    help="Train, judge and export policies for networks of warehouses.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(network.app, name="network")
app.add_typer(demand.app, name="demand")
app.command()(train)
app.command()(sweep)
app.command()(evaluate)
app.command()(export)
