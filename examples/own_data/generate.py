"""Files as a small vendor has them: a network of six warehouses, 55 products, and 13 weeks of sales, a row a week.

Everything is drawn from a seed and stands for nobody's business: places, prices, volumes and sales are assumptions.

    python examples/own_data/generate.py my_shop
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import yaml

PRODUCTS, WEEKS, FIRST = 55, 13, date(2026, 8, 24)
PLACES = {  # latitude, longitude
    "hub": ("CN", 22.5, 114.1),
    "north": ("DE", 53.6, 10.0),
    "south": ("ES", 41.4, 2.2),
    "west": ("US", 33.9, -118.2),
    "east": ("US", 40.7, -74.1),
    "island": ("GB", 51.9, 1.3),
}
SEA_DAYS = {"north": 38, "south": 34, "west": 21, "east": 33, "island": 37}
SALES_SHARE = {"hub": 0.1, "north": 0.25, "south": 0.1, "west": 0.25, "east": 0.2, "island": 0.1}
LEVEL = (1.0,) * 6 + (1.6,) * 4 + (0.8,) * 3
"""Of each week: sales rise and fall, as they do."""


def main() -> None:
    """Write network.yaml, sales.csv and stock.csv into a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    chance, folder = np.random.default_rng(chosen.seed), chosen.folder
    folder.mkdir(parents=True, exist_ok=True)
    products = [f"product_{number:02d}" for number in range(1, PRODUCTS + 1)]
    weekly = chance.permutation(60 / np.arange(1, PRODUCTS + 1) ** 0.7)  # units of each product in all markets
    (folder / "network.yaml").write_text(yaml.safe_dump(network(products, chance), sort_keys=False), encoding="utf-8")
    write(folder / "sales.csv", ("date", "sku", "market", "units_sold"), sales(products, weekly, chance))
    write(folder / "stock.csv", ("node", "sku", "on_hand", "dock", "as_of"), stock(products, weekly, chance))


def network(products: list[str], chance: np.random.Generator) -> dict[str, object]:
    """One factory, a hub beside it, and five warehouses that the hub sends to by sea and air."""
    value = chance.lognormal(np.log(8), 0.5, len(products)).round(2)
    volume = chance.lognormal(np.log(0.005), 0.6, len(products)).round(4)
    ways = [lane for place, days in SEA_DAYS.items() for lane in lanes_to(place, days)]
    first = {"origin": "factory", "destination": "hub", "mode": "truck", "transit": {"days": 1}, "price": {"per_m3": 6}}
    return {
        "name": "my_shop",
        "nodes": {
            name: {"country": country, "latitude": latitude, "longitude": longitude, "storage_usd_per_m3_day": 0.5}
            for name, (country, latitude, longitude) in PLACES.items()
        },
        "suppliers": {"factory": {"country": "CN", "latitude": 23.1, "longitude": 113.3, "production_days": 10}},
        "markets": {
            f"{name}_shop": {"country": place[0], "channel": "own_site", "options": [{"node": name, "days": 3}]}
            for name, place in PLACES.items()
        },
        "lanes": [first, *ways],
        "skus": {
            name: {
                "unit_value_usd": float(value[place]),
                "price_usd": float(round(3 * value[place], 2)),
                "volume_m3": float(max(volume[place], 0.0005)),
                "weight_kg": float(round(200 * max(volume[place], 0.0005), 3)),
                "suppliers": ["factory"],
            }
            for place, name in enumerate(products)
        },
    }


def lanes_to(place: str, days: int) -> list[dict[str, object]]:
    """By sea on Wednesdays, and by air on any day."""
    way = {"origin": "hub", "destination": place}
    return [
        {
            **way,
            "mode": "sea",
            "departures": ["wed"],
            "transit": {"days": days},
            "price": {"per_m3": 100, "per_shipment": 20},
        },
        {**way, "mode": "air", "transit": {"days": 5}, "price": {"per_chargeable_kg": 5.7}},
    ]


def sales(products: list[str], weekly: np.ndarray, chance: np.random.Generator) -> Iterable[tuple[object, ...]]:  # type: ignore[type-arg]
    """A row for each week, product and market in which something was sold; the date is the week's Monday."""
    for week in range(WEEKS):
        for name, share in SALES_SHARE.items():
            mean = LEVEL[week] * share * weekly
            sold = chance.poisson(mean * chance.gamma(4, 1 / 4, len(products)))
            for place in np.flatnonzero(sold):
                yield FIRST + timedelta(weeks=week), products[place], f"{name}_shop", int(sold[place])


def stock(products: list[str], weekly: np.ndarray, chance: np.random.Generator) -> Iterable[tuple[object, ...]]:  # type: ignore[type-arg]
    """On the day after the last week: five weeks of sales at each warehouse, more or less."""
    counted = f"{FIRST + timedelta(weeks=WEEKS)}T06:00+00:00"
    for name, share in SALES_SHARE.items():
        units = chance.poisson(5 * share * weekly * chance.gamma(2, 1 / 2, len(products)))
        for product, on_hand in zip(products, units, strict=True):
            yield name, product, int(on_hand), 0, counted


def write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """A CSV."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
