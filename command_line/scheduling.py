"""Options that the commands of the scheduler have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import load_network
from entrepot.scheduler.places import Places

Network = Annotated[
    str, typer.Argument(metavar="NETWORK", help="A network that ships with the package, or the path of a YAML file.")
]
Data = Annotated[Path, typer.Option("--data", help="The scheduler's folder.", metavar="DIR")]
Policy = Annotated[
    Path | None, typer.Option(help="An exported module. [default: the one that ships]", metavar="FOLDER")
]
Store = Annotated[
    str | None,
    typer.Option(
        envvar="ENTREPOT_STORE",
        help="A PostgreSQL database that holds the store, in place of a file in the folder.",
        metavar="postgresql://…",
    ),
]
Zone = Annotated[
    list[str] | None,
    typer.Option(
        help="Time zone in which days begin, for all or for one place; may be repeated. [default: UTC]",
        metavar="[PLACE=]ZONE",
    ),
]
Skus = Annotated[int | None, typer.Option(min=1, help="How many SKUs to take from the catalogue.")]


def places_of(network: str, zone: Sequence[str] | None, skus: int | None) -> Places:
    """The network and its zones.

    Raises:
        ConfigurationError: there is no such network, place or zone, or two zones for all.
    """
    pairs = [text.partition("=") for text in zone or ()]
    everywhere = [name for name, sign, _ in pairs if not sign]
    if len(everywhere) > 1:
        raise ConfigurationError(f"--zone: {everywhere[1]!r}; one zone is given already: {everywhere[0]!r}")
    described = load_network(network, skus=skus)
    zones = {place: name for place, sign, name in pairs if sign}
    return Places.of(described, everywhere[0] if everywhere else "UTC", zones)
