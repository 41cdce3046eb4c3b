from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from entrepot.envs.network import NetworkArrays
from entrepot.envs.network.loading import network_from
from entrepot.envs.snapshot import calendar

FIRST_DAY = "2021-11-01"  # a Monday
DAYS = 730
SKUS = 16
MEANS = {"busy": 20.0, "thin": 1.5}
SELLING_SHARES = {"busy": 0.95, "thin": 0.15}


def draw_sales(seed: int = 0) -> pd.DataFrame:
    """Two years of two markets: closed on Sundays and over Christmas, more in winter, weeks that are good or bad."""
    rng = np.random.default_rng(seed)
    day = calendar.day_number(FIRST_DAY) + np.arange(DAYS)
    weekly = np.repeat(np.exp(rng.normal(0, 0.3, DAYS // 7 + 1)), 7)[:DAYS]
    season = 1 + 0.3 * np.cos(2 * np.pi * calendar.month(day) / 12)
    christmas = (calendar.month_day(day) >= 1224) | (calendar.month_day(day) <= 102)
    opened = (calendar.weekday(day) != 6) & ~christmas
    frames = []
    for market, mean in MEANS.items():
        popularity = np.linspace(1.6, 0.4, SKUS)
        rate = mean * popularity * (season * weekly * opened)[:, None] / SELLING_SHARES[market]
        selling = rng.random((DAYS, SKUS)) < SELLING_SHARES[market]
        units = rng.poisson(rate * rng.gamma(2.0, 0.5, (DAYS, SKUS))) * selling
        when, sku = np.nonzero(units)
        dates = day[when].astype("datetime64[D]").astype(str)
        names = [f"sku-{number:02d}" for number in sku]
        frames.append(pd.DataFrame({"date": dates, "sku": names, "market": market, "units_sold": units[when, sku]}))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def sales() -> pd.DataFrame:
    return draw_sales()


@pytest.fixture(scope="session")
def sales_file(sales: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    sales.to_csv(path, index=False)
    return path


def network_of(skus: int, markets: tuple[str, ...] = ("busy", "thin")) -> NetworkArrays:
    """One warehouse that serves the markets."""
    market: dict[str, Any] = {"country": "DE", "channel": "own_site", "options": [{"node": "here"}]}
    place = {"country": "DE", "latitude": 53.5, "longitude": 10.0}
    content = {
        "name": "one",
        "nodes": {"here": place},
        "suppliers": {"factory": place},
        "markets": dict.fromkeys(markets, market),
        "lanes": [{"origin": "factory", "destination": "here", "mode": "truck", "transit": {"days": 1}}],
        "catalogue": {"count": skus, "unit_value_usd": 5, "volume_m3": 0.01, "supplier_shares": {"factory": 1}},
    }
    return NetworkArrays.from_description(network_from(content, source="tests"))
