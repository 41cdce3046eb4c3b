"""What several commands of `entrepot demand` take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from entrepot.configs.loader import ConfigurationError, locate, read_yaml, validate
from entrepot.envs.demand.calibration.traces import (
    HistoryDescription,
)

History = Annotated[
    Path,
    typer.Argument(metavar="HISTORY", help="A .parquet, .csv or .csv.gz of date, sku, market or country, units_sold."),
]
Network = Annotated[str, typer.Option(help="The network whose markets are wanted: a shipped name or a YAML file.")]
Markets = Annotated[
    str,
    typer.Option(
        "--markets-from", help="A demand YAML of kind `history`: windows, and which country stands for a market."
    ),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the same figures to FILE.", metavar="FILE")]


def history_described(history: Path, markets_from: str) -> HistoryDescription:
    """The demand YAML of kind `history` that the options name, for the history given.

    Raises:
        ConfigurationError: it is of another kind.
    """
    path = locate("demand", markets_from)
    content = read_yaml(path)
    if content.pop("kind", None) != "history":
        raise ConfigurationError(f"{path}: kind: a demand YAML of kind 'history' is needed here")
    return validate(HistoryDescription, {**content, "path": str(history)}, path)
