"""What is to be moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.routes import Goods, RouteMap


@dataclass(frozen=True)
class Transfer:
    """Goods that travel as one from a place to another. Days are counted as `date.toordinal` does."""

    name: str
    origin: str
    destination: str
    goods: Goods
    ready: int  # they may leave from this day on
    due: int  # they must have arrived
    usd_per_day: float = 0.0  # what each day from `ready` to arrival costs: capital, or what haste is worth


def refuse(transfers: Sequence[Transfer], routes: RouteMap) -> None:
    """Say what can't be planned.

    Raises:
        ConfigurationError: a place is unknown, a name stands twice, or a quantity is none.
    """
    names: set[str] = set()
    for transfer in transfers:
        key = f"transfer {transfer.name}"
        if transfer.name in names:
            raise ConfigurationError(f"{key}: the name stands twice; allowed: one transfer a name")
        names.add(transfer.name)
        routes.known(transfer.origin, f"{key}: origin"), routes.known(transfer.destination, f"{key}: destination")
        if transfer.origin == transfer.destination:
            raise ConfigurationError(f"{key}: destination: {transfer.destination!r} is where the goods are already")
        if not (0 < transfer.goods.m3 < float("inf") and 0 < transfer.goods.kg < float("inf")):
            raise ConfigurationError(
                f"{key}: goods: {transfer.goods.m3} m³, {transfer.goods.kg} kg; allowed: above 0 and finite"
            )
        if not 0 <= transfer.usd_per_day < float("inf"):
            raise ConfigurationError(f"{key}: usd_per_day: {transfer.usd_per_day}; allowed: 0 or more")
