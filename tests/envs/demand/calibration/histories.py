"""Small histories for tests: a grinder that sells 1 a day and a filter that sells 50, in one shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from entrepot.envs.demand import load_demand
from entrepot.envs.demand.history import HistoryDemand
from entrepot.envs.network import NetworkArrays, NetworkDescription
from entrepot.envs.network.loading import network_from

DAYS = [date(2022, 1, 1) + timedelta(number) for number in range(730)]


def shop(skus: tuple[str, ...] = ("grinder", "filter"), market: str = "shop") -> NetworkArrays:
    """One warehouse and one market, with SKUs that are named one by one."""
    return NetworkArrays.from_description(shop_description(skus, market))


def shop_description(skus: tuple[str, ...] = ("grinder", "filter"), market: str = "shop") -> NetworkDescription:
    """The same, described."""
    place = {"country": "DE", "latitude": 53.5, "longitude": 10.0}
    sku = {"unit_value_usd": 5, "price_usd": 9, "volume_m3": 0.01, "weight_kg": 1, "suppliers": ["factory"]}
    content = {
        "name": "shop",
        "nodes": {"here": place},
        "suppliers": {"factory": place},
        "markets": {market: {"country": "DE", "channel": "own_site", "options": [{"node": "here"}]}},
        "lanes": [{"origin": "factory", "destination": "here", "mode": "truck", "transit": {"days": 1}}],
        "skus": dict.fromkeys(skus, sku),
    }
    return network_from(content, source="tests")


def lines(
    *,
    day: Callable[[date], str] = date.isoformat,
    grinder: Callable[[date], str] = lambda _: "1",
    filters: Callable[[date], str] = lambda _: "50",
    names: tuple[str, str] = ("grinder", "filter"),
    market: str = "shop",
    sign: str = ",",
) -> Iterator[str]:
    """The history's lines, header first."""
    yield sign.join(("date", "sku", "market", "units_sold"))
    for when in DAYS:
        yield sign.join((day(when), names[0], market, grinder(when)))
        yield sign.join((day(when), names[1], market, filters(when)))


def written(folder: Path, name: str = "sales.csv", *, more: str = "", encoding: str = "utf-8", **changes: Any) -> Path:
    """The history as a file."""
    path = folder / name
    path.write_bytes(("\n".join(lines(**changes)) + "\n" + more).encode(encoding))
    return path


def model_of(path: Path, network: NetworkArrays | None = None, **keys: Any) -> HistoryDemand:
    """The demand model that a YAML with these keys would make of it."""
    model = load_demand({"kind": "history", "path": str(path), **keys}, network or shop())
    assert isinstance(model, HistoryDemand)
    return model


def daily(model: HistoryDemand) -> list[float]:
    """Units a day of each SKU in the first market."""
    return [round(float(mean), 2) for mean in model.mean_units_per_day[0]]
