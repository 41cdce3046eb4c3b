import numpy as np
from hypothesis import given

from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from tests.worlds import few
from tests.worlds.networks import networks


@few
@given(networks())
def test_every_index_points_at_something(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    nodes, agents, lanes = len(arrays.nodes), len(arrays.agents), len(arrays.lanes)
    assert ((arrays.node.agent >= 0) & (arrays.node.agent < agents)).all()
    assert ((arrays.lane.origin >= 0) & (arrays.lane.origin < len(arrays.endpoints))).all()
    assert ((arrays.lane.destination >= 0) & (arrays.lane.destination < nodes)).all()
    assert (arrays.lane.origin != arrays.lane.destination).all()
    assert (arrays.lane.agent == arrays.node.agent[arrays.lane.destination]).all()
    assert ((arrays.option.node >= 0) & (arrays.option.node < nodes)).all()
    assert ((arrays.lane.faster >= 0) & (arrays.lane.faster <= lanes)).all()


@few
@given(networks())
def test_all_figures_are_finite_and_none_is_negative(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    for name, value in vars(arrays).items():
        if isinstance(value, np.ndarray):
            assert np.isfinite(value).all(), name
            assert (value >= 0).all(), name


@few
@given(networks())
def test_the_wait_for_a_departure_ends_on_a_day_of_departure(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    wait = arrays.lane.wait_days
    assert ((wait >= 0) & (wait <= 6)).all()
    departs = (np.arange(7)[:, None] + wait) % 7
    assert (np.take_along_axis(wait, departs, axis=0) == 0).all()


@few
@given(networks())
def test_options_are_ranked_by_price_and_the_first_exists(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    assert arrays.option.exists[0].all()
    price = np.where(arrays.option.exists, arrays.option.usd_per_unit, np.inf)
    later, earlier = price[1:], price[:-1]
    assert (later >= earlier).all()
    assert (arrays.market.direct_share.sum(axis=0) == 1).all()


@few
@given(networks())
def test_primary_lanes_lead_every_node_back_to_a_supplier_that_makes_the_sku(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    assert (arrays.lane.carries | ~arrays.lane.primary).all()
    for sku in range(len(arrays.skus)):
        inbound = {}
        for lane in np.flatnonzero(arrays.lane.primary[:, sku]):
            node = int(arrays.lane.destination[lane])
            assert node not in inbound, "a node has two primary lanes for one SKU"
            inbound[node] = int(arrays.lane.origin[lane])
        for start in inbound:
            place, steps = start, 0
            while place < len(arrays.nodes):
                place, steps = inbound[place], steps + 1
                assert steps <= len(arrays.nodes), "primary lanes go in a circle"


@few
@given(networks())
def test_a_market_s_demand_passes_whole_through_its_first_option_and_on_upstream(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    assert np.isin(arrays.market.echelon_share, (0.0, 1.0)).all()
    assert (arrays.market.echelon_share >= arrays.market.direct_share[:, :, None]).all()
    for lane, sku in zip(*np.nonzero(arrays.lane.primary), strict=True):
        origin, destination = arrays.lane.origin[lane], arrays.lane.destination[lane]
        if origin < len(arrays.nodes):
            passed_on = arrays.market.echelon_share[origin, :, sku] >= arrays.market.echelon_share[destination, :, sku]
            assert passed_on.all()


@few
@given(networks())
def test_the_pipeline_is_long_enough_for_the_slowest_shipment(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    slowest = arrays.lane.transit_days + arrays.lane.wait_days.max(axis=0) + arrays.lane.transit_longest_delay_days
    assert arrays.pipeline_days > slowest.max()


@few
@given(networks())
def test_faster_lanes_lead_to_the_same_node_and_are_faster(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    lanes = len(arrays.lanes)
    for lane in range(lanes):
        faster = [other for other in arrays.lane.faster[lane] if other < lanes]
        assert lane not in faster
        assert len(set(faster)) == len(faster)
        for other in faster:
            assert arrays.lane.destination[other] == arrays.lane.destination[lane]
            assert arrays.lane.lead_days[other] <= arrays.lane.lead_days[lane]


def test_a_larger_assortment_begins_with_the_smaller_one() -> None:
    few, many = (NetworkArrays.from_description(load_network("kreen", skus=count)) for count in (32, 500))
    assert many.skus[:32] == few.skus
    for name in few.sku.axes():
        np.testing.assert_array_equal(getattr(many.sku, name)[:32], getattr(few.sku, name))


def test_freight_by_air_is_paid_on_the_greater_of_mass_and_167_kg_a_cubic_metre() -> None:
    arrays = NetworkArrays.from_description(load_network("two_warehouses"))
    air = arrays.lanes.index("hub→shop:air")
    chargeable = np.maximum(arrays.sku.weight_kg, 167 * arrays.sku.volume_m3)
    np.testing.assert_allclose(arrays.lane.freight_usd[air], 5.7 * chargeable)


def test_goods_from_a_supplier_take_production_and_transit_together() -> None:
    arrays = NetworkArrays.from_description(load_network("two_warehouses"))
    assert arrays.lane.transit_days.tolist() == [5 + 1, 14, 3]
    assert arrays.lane.lead_days[1] == 14 + 3 + 0.4 * 4
