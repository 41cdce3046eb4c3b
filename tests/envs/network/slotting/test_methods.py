from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import load_network
from entrepot.envs.network.assortment import assortment_of
from entrepot.envs.network.layout import Layout, generated
from entrepot.envs.network.layout.goods import Carton, Goods, GoodsArrays
from entrepot.envs.network.slotting import SLOTTINGS, Slotting, Stock, slotted
from entrepot.envs.network.slotting.moves import moves

POSITIONS = generated(Layout(area_m2=600, storage_m3=400, reserved={"cold": 0.1, "hazardous": 0.1}), where="here")
GENERAL = generated(Layout(area_m2=600, storage_m3=400), where="here")


def stock(seed: int, *, skus: int = 12, goods: Goods | None = None, filled: float = 0.7, plain: bool = False) -> Stock:
    rng = np.random.default_rng(seed)
    assortment = assortment_of(load_network("kreen", skus=skus))
    goods = goods or Goods(type_shares={} if plain else {"cold": 0.1, "fragile": 0.2})
    share = rng.dirichlet(np.full(skus, 0.7))
    units = np.ceil(rng.dirichlet(np.ones(skus)) * filled * len(POSITIONS) * 200)
    return Stock(GENERAL if plain else POSITIONS, GoodsArrays.of(goods, assortment), units, share)


def by_linear_sum(stored: Stock) -> float:
    """The optimum by SciPy's solver, one row for each position that a SKU takes."""
    rows = np.repeat(np.arange(len(stored.slots)), stored.slots)
    kind = stored.positions.kinds[0]
    cost = stored.lines_share[rows, None] / stored.slots[rows, None] * stored.positions.walk_m[None, :]
    cost = np.where(stored.offered[rows][:, kind], cost, 1e6)
    row, column = linear_sum_assignment(cost)
    sku_at = np.full(len(stored.positions), -1)
    sku_at[column] = rows[row]
    none = np.zeros(len(stored.slots), dtype=np.int64)
    return Slotting("optimum", sku_at, none, none > 0).single_visit_m(stored)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_cube_per_order_is_the_assignment_s_optimum_where_each_order_visits_one_position(seed: int) -> None:
    stored = stock(seed, plain=True)
    best = by_linear_sum(stored)
    assert slotted(stored, "cube_per_order").single_visit_m(stored) == pytest.approx(best, abs=1e-9)
    assert slotted(stored, "assignment").single_visit_m(stored) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_transport_problem_is_the_assignment_also_where_types_restrict_it(seed: int) -> None:
    stored = stock(seed, filled=0.3)
    stored.refuse_too_small("here")
    best = by_linear_sum(stored)
    assert slotted(stored, "assignment").single_visit_m(stored) == pytest.approx(best, abs=1e-9)
    for method in SLOTTINGS:
        assert slotted(stored, method, seed=seed).single_visit_m(stored) >= best - 1e-9


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from(list(SLOTTINGS)))
def test_every_method_places_what_it_can_where_size_load_and_type_allow_it(seed: int, method: str) -> None:
    stored = stock(seed)
    found = slotted(stored, method, seed=seed)
    placed = np.bincount(found.sku_at[found.sku_at >= 0], minlength=len(stored.slots))
    np.testing.assert_array_equal(placed + found.missing, stored.slots)
    assert (found.missing >= 0).all()
    filled = np.flatnonzero(found.sku_at >= 0)
    kind = stored.goods.kind[found.sku_at[filled]]
    assert stored.positions.allows[filled, kind].all()
    room = stored.cartons_a_position[found.sku_at[filled]]
    assert (room * stored.goods.kg[found.sku_at[filled]] <= stored.positions.most_kg[filled] + 1e-6).all()


def test_what_finds_no_place_is_listed() -> None:
    goods = Goods(cartons={"sku-00001": Carton(width_m=3, depth_m=3, height_m=3)}, types={"sku-00002": "cold"})
    stored = stock(0, goods=goods)
    units = stored.units.copy()
    units[1] = 1e6
    stored = replace(stored, units=units)
    told = slotted(stored, "cube_per_order").unplaced(stored.goods.names)
    assert told[0] == "sku-00001: no position takes it, by size, load or type"
    assert told[1].startswith("sku-00002: ")
    assert told[1].endswith(" of its positions not found")


def test_a_layout_too_small_for_its_stock_is_refused_with_the_figures() -> None:
    stored = stock(0, filled=8.0)
    with pytest.raises(ConfigurationError, match=r"^here: 220 positions, but the stock \([\d,]+ units in [\d,]+ cart"):
        stored.refuse_too_small("here")


def test_too_few_positions_of_a_type_are_refused() -> None:
    stored = stock(0, goods=Goods(types={f"sku-{i:05d}": "cold" for i in range(1, 13)}))
    with pytest.raises(ConfigurationError, match="here: 22 positions allow cold goods, but their stock takes"):
        stored.refuse_too_small("here")


def test_moves_lead_from_one_slotting_to_the_other_and_tell_what_they_save() -> None:
    stored = stock(4, plain=True)
    now, then = slotted(stored, "random", seed=1), slotted(stored, "cube_per_order")
    made = moves(stored, now, then)
    after = now.sku_at.copy()
    after[made.source] = -1
    after[made.target] = made.sku
    np.testing.assert_array_equal(after, then.sku_at)
    assert made.saved_m_per_line == pytest.approx(now.single_visit_m(stored) - then.single_visit_m(stored))
    assert made.saved_m_per_line > 0
    assert made.saved_hours_per_day(lines_per_day=3600, metres_per_s=1) == pytest.approx(made.saved_m_per_line)
    assert len(moves(stored, then, then).sku) == 0


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="slotting: 'best'; allowed: random, class_based"):
        slotted(stock(0), "best")
