from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.command_line.conftest import Entrepot

COUNTRIES = ("United Kingdom", "Ireland", "Germany", "Netherlands")


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """Sixteen months by country, with one bad row, in a folder of its own with a demand YAML that fits it."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2022-01-01", "2023-04-30").strftime("%Y-%m-%d")
    index = pd.MultiIndex.from_product([days, COUNTRIES, [f"sku-{i}" for i in range(16)]])
    frame = pd.DataFrame({"units_sold": rng.poisson(3.0, len(index))}, index=index).reset_index()
    frame.columns = pd.Index(["date", "country", "sku", "units_sold"])
    frame.loc[4, "units_sold"] = -1
    frame[frame["units_sold"] != 0].to_csv(tmp_path / "sales.csv", index=False)
    markets = {"online": {"country": "United Kingdom"}, "kiosk": {"country": "Germany", "pooled_skus": 2}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"kind": "history", "path": "sales.csv", "markets": markets}))
    return tmp_path / "sales.csv"


MINE = ("--network", "two_warehouses", "--markets-from", "mine.yaml")


def test_check_reports_bad_rows_with_their_lines(entrepot: Entrepot, sales: Path) -> None:
    lines = sales.read_text(encoding="utf-8").splitlines()
    bad = next(number for number, line in enumerate(lines, start=1) if line.endswith(",-1"))
    result = entrepot("demand", "check", sales, *MINE, "--json", "check.json")
    assert result.exit_code == 0, result.stderr
    assert f"1 row: units_sold is negative (line {bad})" in result.stdout
    assert "rows are of countries that stand for no market" in result.stdout
    content = json.loads(Path("check.json").read_text(encoding="utf-8"))
    assert content["report"]["problems"] == [{"reason": "units_sold is negative", "lines": [bad]}]
    assert content["rows"][0]["train_units_per_day"] == pytest.approx(48, abs=1)


def test_check_reports_the_rows_even_where_the_windows_do_not_fit(entrepot: Entrepot, sales: Path) -> None:
    result = entrepot("demand", "check", sales, "--network", "two_warehouses")
    assert result.exit_code == 2
    assert "1 row: units_sold is negative" in result.stdout
    assert "windows.train: 2009-12-01 to 2011-02-28 is not inside the history" in result.stderr


def test_fit_writes_figures_for_every_market_that_the_history_can_serve(entrepot: Entrepot, sales: Path) -> None:
    result = entrepot("demand", "fit", sales, *MINE, "--out", "fitted.yaml", "--source", "our shop, 2022")
    assert result.exit_code == 0, result.stderr
    written = Path("fitted.yaml").read_text(encoding="utf-8")
    assert "estimated from our shop, 2022" in written
    assert list(yaml.safe_load(written)["markets"]) == ["online", "kiosk"]
    shown = entrepot("demand", "show", "fitted.yaml", "--network", "two_warehouses", "--json", "shown.json")
    assert shown.exit_code == 0, shown.stderr
    assert "our shop, 2022" in shown.stdout
    (row,) = json.loads(Path("shown.json").read_text(encoding="utf-8"))["rows"]
    assert row["market"] == "online"
    assert row["units_per_day"] == pytest.approx(3.0, rel=0.1)


def test_show_sets_a_model_beside_the_history_and_draws_both(entrepot: Entrepot, sales: Path) -> None:
    result = entrepot(
        "demand", "show", "mine.yaml", "--history", sales, "--network", "two_warehouses", "--plot", "demand.png"
    )
    assert result.exit_code == 0, result.stderr
    assert "history (United Kingdom)" in result.stdout
    assert Path("demand.png").read_bytes().startswith(b"\x89PNG")


def test_show_needs_no_history_for_the_calibrated_model(entrepot: Entrepot) -> None:
    result = entrepot("demand", "show", "calibrated", "--network", "kreen")
    assert result.exit_code == 0, result.stderr
    assert "Online Retail II" in result.stdout
    assert "us_amazon" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "history"), "path: missing; name a .parquet, .csv or .csv.gz file"),
        (("show", "guessed"), "demand: there is no 'guessed'; allowed: calibrated, classic/"),
        (("check", "nowhere.csv"), "the file 'nowhere.csv' does not exist"),
        (("fit", "nowhere.csv", "--out", "x.yaml", "--markets-from", "calibrated"), "kind 'history' is needed here"),
    ],
)
def test_what_can_not_be_done_is_said_without_a_traceback(
    entrepot: Entrepot, arguments: tuple[str, ...], message: str
) -> None:
    result = entrepot("demand", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["check", "fit", "show"])
def test_help_teaches_by_example(entrepot: Entrepot, command: str) -> None:
    assert f"entrepot demand {command} " in entrepot("demand", command, "--help").stdout


def test_show_finds_the_history_beside_the_yaml_from_any_folder(
    entrepot: Entrepot, sales: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = entrepot("demand", "show", "../mine.yaml", "--network", "two_warehouses")
    assert result.exit_code == 0, result.stderr
    assert "history sales.csv, trained on" in result.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A network of one shop, and order lines of its two SKUs with one return among them."""
    place = {"country": "DE", "latitude": 53.5, "longitude": 10.0}
    sku = {"unit_value_usd": 5, "price_usd": 9, "volume_m3": 0.01, "weight_kg": 1, "suppliers": ["factory"]}
    content = {
        "name": "shop",
        "nodes": {"here": place},
        "suppliers": {"factory": place},
        "markets": {"shop": {"country": "DE", "channel": "own_site", "options": [{"node": "here"}]}},
        "lanes": [{"origin": "factory", "destination": "here", "mode": "truck", "transit": {"days": 1}}],
        "skus": {"grinder": sku, "filter": sku},
    }
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(content))
    days = pd.date_range("2022-01-01", "2023-12-31").strftime("%Y-%m-%d")
    rows = [f"{day},{name},shop,{units}" for day in days for name, units in (("grinder", 1), *[("filter", 10)] * 5)]
    (tmp_path / "lines.csv").write_text("\n".join(["date,sku,market,units_sold", *rows, "2023-12-31,filter,shop,-2"]))
    (tmp_path / "shop_demand.yaml").write_text("kind: history\npath: lines.csv\n")
    return tmp_path / "lines.csv"


@pytest.mark.parametrize(
    "arguments",
    [
        ("demand", "check", "lines.csv", "--network", "shop.yaml", "--markets-from", "shop_demand.yaml"),
        ("demand", "show", "shop_demand.yaml", "--network", "shop.yaml"),
        ("network", "show", "shop.yaml", "--no-map", "--demand", "shop_demand.yaml"),
        (
            *("evaluate", "shop.yaml", "--demand", "shop_demand.yaml", "--policies", "min_max"),
            *("--episodes", "2", "--days", "2", "--warm-up-days", "0"),
        ),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_every_command_tells_what_was_left_out_added_up_and_joined(
    entrepot: Entrepot, shop: Path, arguments: tuple[str, ...]
) -> None:
    result = entrepot(*arguments)
    assert result.exit_code == 0, result.stderr
    assert "1 row: units_sold is negative (line 4382)" in result.stdout
    assert "2,920 rows were added to others of the same date, SKU and place" in result.stdout
    assert "SKUs are joined by name: 2 of the network's 2" in result.stdout


def test_network_show_tells_what_each_market_asks_for(entrepot: Entrepot, shop: Path) -> None:
    result = entrepot(
        "network", "show", "shop.yaml", "--no-map", "--demand", "shop_demand.yaml", "--json", "network.json"
    )
    assert result.exit_code == 0, result.stderr
    (row,) = json.loads(Path("network.json").read_text(encoding="utf-8"))["demand"]
    assert row == {
        "market": "shop",
        "units_per_day": 51.0,
        "skus_without_demand": 0,
        "best_sku": "filter",
        "best_sku_units_per_day": 50.0,
    }
