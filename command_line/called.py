"""A command whose file is imported when it is called, and how its errors are told."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from entrepot.configs.errors import EntrepotError, told_of_files

EXTRA = "train"
"""Of the package: what all commands take that the core install doesn't serve."""


class Called(TyperCommand):
    """Stands for a command, or a group of them, in the list of all; becomes it when it is called."""

    def __init__(self, name: str, *, help: str, file: str) -> None:
        """Name it.

        Args:
            name: of the command.
            help: one line for the list.
            file: the module whose `app` it is.
        """
        super().__init__(name, help=help)
        self._file = file

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """That of the command itself."""
        command = typer.main.get_command(import_module(self._file).app)
        return command.make_context(info_name, args, parent=parent, **extra)


def told(error: Exception) -> int | None:
    """Say on standard error what a person can mend.

    Returns:
        The status to end with; None if it is nothing that they could mend.
    """
    if isinstance(error, ModuleNotFoundError) and not (error.name or "entrepot").startswith("entrepot"):
        _tell(f'this needs the package {error.name!r}, which is missing: pip install "entrepot[{EXTRA}]"')
        return 2
    if isinstance(error, EntrepotError):
        _tell(str(error))
        return error.exit_code
    if isinstance(error, OSError) and (line := told_of_files(error)):
        _tell(line)
        return EntrepotError.exit_code
    return None


def _tell(text: str) -> None:
    from entrepot.command_line.tables import errors

    errors().print(text, style="bold red", soft_wrap=True)
