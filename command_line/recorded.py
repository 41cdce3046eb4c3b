"""Options of the commands that read records."""

from __future__ import annotations

from typing import Annotated

import typer

Column = Annotated[
    list[str] | None,
    typer.Option(help="What a column is called in the records; may be repeated.", metavar="COLUMN=THEIRS"),
]
DateFormat = Annotated[str | None, typer.Option(help="How dates are written, such as %d.%m.%Y. [default: YYYY-MM-DD]")]
