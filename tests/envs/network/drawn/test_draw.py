from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.configs.loader import ConfigurationError, configuration_folder
from entrepot.envs.demand import load_demand
from entrepot.envs.demand.model import Split
from entrepot.envs.network import NetworkArrays, load_network
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.drawn import draw, drawn_named, load_distribution
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.world import build_world
from tests.worlds.tiny import tiny_scenario

RANDOM = load_distribution("random")
numbers = st.integers(0, 10**8)


@settings(max_examples=25, deadline=None)
@given(numbers)
def test_every_draw_is_a_valid_network_within_the_distributions_ranges(number: int) -> None:
    network = draw(RANDOM, number, most_skus=6).network
    arrays = NetworkArrays.from_description(network)
    assert RANDOM.nodes[0] <= len(arrays.nodes) <= RANDOM.nodes[1]
    assert len(arrays.skus) <= 6
    assert NetworkDescription.model_validate(network.model_dump(mode="json")) == network
    assert set(arrays.lane.destination) == set(range(len(arrays.nodes)))


@settings(max_examples=25, deadline=None)
@given(numbers)
def test_every_sku_has_a_way_to_every_market_and_sells_there(number: int) -> None:
    drawn = draw(RANDOM, number, most_skus=6)
    arrays = NetworkArrays.from_description(drawn.network)
    demand = load_demand(drawn.demand, arrays)
    arrives = np.zeros((len(arrays.nodes), len(arrays.skus)), np.bool_)
    np.logical_or.at(arrives, arrays.lane.destination, arrays.lane.carries)
    assert (arrays.market.direct_share.T @ arrives > 0).all()
    assert (demand.mean_units_per_day > 0).all()


def test_a_number_always_means_the_same_draw_and_another_number_another() -> None:
    assert draw(RANDOM, 5) == draw(RANDOM, 5)
    assert draw(RANDOM, 5).demand != draw(RANDOM, 6).demand


def test_fewer_skus_are_of_all_ranks_and_the_network_keeps_its_shape() -> None:
    number = next(number for number in range(20) if (load_network(f"random-{number}").catalogue or 0).count > 20)  # type: ignore[union-attr]
    whole, few = draw(RANDOM, number), draw(RANDOM, number, most_skus=20)
    assert list(whole.network.nodes) == list(few.network.nodes)
    of = next(iter(few.demand["markets"].values()))
    assert of["rank"] == list(range(1, 21))


def test_goods_perish_where_all_is_near_and_last_longer_than_the_longest_way() -> None:
    drawn = [draw(RANDOM, number, most_skus=6).network for number in range(40)]
    arrays = [NetworkArrays.from_description(network) for network in drawn]
    perishing = [network for network in arrays if network.shelf_life is not None]
    assert 0 < len(perishing) < len(arrays)
    for network in perishing:
        assert network.shelf_life is not None
        days = network.lane.transit_days - network.shelf_life.production_days
        life = network.shelf_life.shelf_life_days[network.shelf_life.perishes]
        assert days.max() <= RANDOM.perishable_way_days
        assert life.min() > days.max()


def test_a_network_of_which_nothing_perishes_is_the_same_whatever_the_shares_of_perishables() -> None:
    none, all_near = (RANDOM.model_copy(update={"perishable_share": share}) for share in (0.0, 1.0))
    for number in range(4):
        without, with_them = (draw(ranges, number, most_skus=6) for ranges in (none, all_near))
        assert without.demand == with_them.demand
        assert without.network.lanes == with_them.network.lanes
        assert without.network.nodes == with_them.network.nodes


def test_a_draws_name_stands_wherever_a_network_is_named_and_brings_its_demand() -> None:
    world = build_world("random-7", skus=3)
    assert (world.description.name, len(world.network.skus)) == ("random-7", 3)
    assert "distribution random" in world.demand.summary
    assert any("drawn at random" in remark for remark in world.demand.remarks)
    rng = np.random.default_rng(0)
    assert world.demand.sample(world.demand.first_days(2, rng), 30, Split.TEST, rng).sum() > 0


def test_a_month_of_base_stock_sells_and_leaves_nothing_negative() -> None:
    for number in range(3):
        world = build_world(f"random-{number}", skus=3)
        simulation = world.simulation()
        scenario = tiny_scenario(world, episodes=2, days=30)
        end = simulation.run(stocked(simulation, episodes=2), scenario, base_cover_rule(world.attributes))
        assert (end.state.on_hand >= 0).all()
        assert (end.state.in_transit >= 0).all()


def test_only_a_distributions_name_with_a_number_is_a_draw() -> None:
    assert drawn_named("kreen") is None
    assert drawn_named("random") is None
    assert drawn_named("unheard-7") is None
    with pytest.raises(ConfigurationError, match="there is no 'unheard-7'"):
        load_network("unheard-7")


def test_a_range_out_of_order_is_refused_with_its_file_and_key(tmp_path: Path) -> None:
    text = (configuration_folder() / "distribution" / "random.yaml").read_text().replace("[2, 12]", "[12, 2]")
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"mine\.yaml: nodes: allowed: \[least, most\]"):
        load_distribution(str(file))
