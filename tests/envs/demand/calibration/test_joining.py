"""Names of a history and of a network are joined by name; what one side lacks is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.calibration.joining import folded
from tests.envs.demand.calibration.histories import daily, model_of, shop, written
from tests.envs.demand.conftest import network_of


def test_skus_with_the_networks_names_have_their_own_sales(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert daily(model_of(path)) == [1.0, 50.0]
    assert daily(model_of(path, shop(("filter", "grinder")))) == [50.0, 1.0]
    assert "SKUs are joined by name: 2 of the network's 2" in model_of(path).remarks


def test_a_catalogue_has_its_sales_by_rank_and_that_is_told(tmp_path: Path) -> None:
    model = model_of(written(tmp_path, market="busy"), network_of(1, ("busy",)))
    assert daily(model) == [50.0]
    assert "SKUs are joined by rank of sales, not by name: sku-00001 has the sales of filter" in model.remarks
    assert "1 SKU of the history that sells least is not used" in model.remarks


def test_a_catalogues_numbers_are_joined_by_name_where_the_history_has_them(tmp_path: Path) -> None:
    path = written(tmp_path, names=("sku-00001", "sku-00002"), market="busy")
    assert daily(model_of(path, network_of(2, ("busy",)))) == [1.0, 50.0]


def test_a_network_whose_names_the_history_lacks_is_refused_unless_rank_is_meant(tmp_path: Path) -> None:
    path = written(tmp_path, names=("A", "B"))
    with pytest.raises(
        ConfigurationError, match=r"0 of the network's 2 SKUs by name, not grinder, filter; it has A, B;"
    ):
        model_of(path)
    assert daily(model_of(path, skus_by="rank")) == [50.0, 1.0]


def test_a_sku_without_sales_has_no_demand_and_is_told(tmp_path: Path) -> None:
    model = model_of(written(tmp_path), shop(("grinder", "filter", "tamper")))
    assert daily(model) == [1.0, 50.0, 0.0]
    assert "SKUs of the network without any sales, which so have no demand: tamper" in model.remarks


def test_rows_of_skus_that_the_network_lacks_are_told_and_refused_when_many(tmp_path: Path) -> None:
    few = written(tmp_path, more="2023-12-30,tamper,shop,5\n")
    assert "1 row: the SKU is unknown to the network: tamper (line 1462)" in model_of(few).remarks
    many = written(tmp_path, names=("grinder", "tamper"))
    with pytest.raises(ConfigurationError, match=r"most_of_others: 730 of 1,460 rows of .* 50.0%; at most 2.0% may be"):
        model_of(many)
    assert daily(model_of(many, most_of_others=0.5)) == [1.0, 0.0]


def test_rows_of_a_market_that_the_network_lacks_are_told_and_refused_when_many(tmp_path: Path) -> None:
    few = written(tmp_path, more="2023-12-30,filter,kiosk,5\n")
    assert any("the market is unknown to the network (allowed: shop): kiosk" in line for line in model_of(few).remarks)
    with pytest.raises(ConfigurationError, match="most_of_others"):
        model_of(written(tmp_path, market="kiosk"))


def test_a_market_without_sales_yet_may_borrow_anothers(tmp_path: Path) -> None:
    path = written(tmp_path, market="kiosk")
    model = model_of(path, markets={"shop": {"country": "kiosk", "scale": 0.5}})
    assert daily(model) == [0.5, 25.0]
    assert "assumed: shop is 0.5 × kiosk" in model.remarks


def test_a_proxy_of_a_market_that_has_sales_is_not_used_and_that_is_told(tmp_path: Path) -> None:
    model = model_of(written(tmp_path), markets={"shop": {"country": "kiosk", "scale": 0.5}})
    assert daily(model) == [1.0, 50.0]
    assert "markets that have sales of their own stand for themselves, whatever markets says: shop" in model.remarks


@pytest.mark.parametrize(("sku", "market"), [("Filter", "shop"), ("fil ter", "shop"), ("filter", "Shop")])
def test_a_name_that_is_nearly_the_networks_is_neither_joined_nor_lost_without_a_word(
    tmp_path: Path, sku: str, market: str
) -> None:
    path = written(tmp_path, names=("grinder", sku), market=market)
    with pytest.raises(ConfigurationError, match=r"names that are nearly known ones: .*similar_names: join or apart"):
        model_of(path)
    joined = model_of(path, similar_names="join")
    assert daily(joined) == [1.0, 50.0]
    assert any("names were joined" in line for line in joined.remarks)


def test_leading_zeros_that_a_spreadsheet_took_away_are_noticed(tmp_path: Path) -> None:
    path = written(tmp_path, names=("grinder", "12"))
    with pytest.raises(ConfigurationError, match=r"'12' → '0012'"):
        model_of(path, shop(("grinder", "0012")))


def test_skus_that_are_added_up_can_not_go_by_name(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace(",market,", ",country,"))
    markets = {"shop": {"country": "shop", "pooled_skus": 2}}
    with pytest.raises(ConfigurationError, match=r"markets.shop.pooled_skus: 2; SKUs are joined by name"):
        model_of(path, markets=markets)
    assert model_of(path, markets=markets, skus_by="rank").traces.units[0].shape[1] == 1


def test_folding_keeps_different_numbers_apart() -> None:
    assert folded("0012") == folded("12") == folded("12.0")
    assert folded("120") != folded("12")
    assert folded("A 1") == folded("a1")
    np.testing.assert_equal(folded("000"), "0")
