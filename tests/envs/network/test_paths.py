import numpy as np

from entrepot.envs.network.paths import echelon_share, faster_lanes, primary_lanes

MADE_BY_THE_SUPPLIER = np.array([[True]])


def test_the_cheapest_way_may_lead_over_another_node() -> None:
    # Nodes 0 and 1, supplier 2: to node 1 straight for 10, or over node 0 for 3 + 4.
    origin, destination = np.array([2, 2, 0]), np.array([0, 1, 1])
    cost = np.array([[3.0], [10.0], [4.0]])
    primary = primary_lanes(origin, destination, cost, MADE_BY_THE_SUPPLIER, 2, np.zeros(2))
    assert primary[:, 0].tolist() == [True, False, True]


def test_what_a_node_charges_for_receiving_counts_on_the_way() -> None:
    origin, destination = np.array([2, 2, 0]), np.array([0, 1, 1])
    cost = np.array([[3.0], [10.0], [4.0]])
    primary = primary_lanes(origin, destination, cost, MADE_BY_THE_SUPPLIER, 2, np.array([5.0, 0.0]))
    assert primary[:, 0].tolist() == [True, True, False]


def test_free_lanes_there_and_back_do_not_feed_each_other() -> None:
    # The free lane 1 → 0 stands before the supplier's own.
    origin, destination = np.array([1, 0, 2]), np.array([0, 1, 0])
    primary = primary_lanes(origin, destination, np.zeros((3, 1)), MADE_BY_THE_SUPPLIER, 2, np.zeros(2))
    assert primary[:, 0].tolist() == [False, True, True]


def test_of_lanes_that_cost_the_same_the_first_is_taken() -> None:
    origin, destination = np.array([1, 1]), np.array([0, 0])
    primary = primary_lanes(origin, destination, np.ones((2, 1)), MADE_BY_THE_SUPPLIER, 1, np.zeros(1))
    assert primary[:, 0].tolist() == [True, False]


def test_a_node_without_a_way_from_a_supplier_has_no_primary_lane() -> None:
    origin, destination = np.array([0, 1]), np.array([1, 0])
    primary = primary_lanes(origin, destination, np.ones((2, 1)), MADE_BY_THE_SUPPLIER, 2, np.zeros(2))
    assert not primary.any()


def test_demand_passes_through_every_node_upstream() -> None:
    # supplier 3 → node 0 → node 1 → node 2, which serves the market.
    origin, destination = np.array([3, 0, 1]), np.array([0, 1, 2])
    direct = np.array([[0.0], [0.0], [1.0]])
    share = echelon_share(origin, destination, np.ones((3, 1), np.bool_), direct)
    assert share[:, 0, 0].tolist() == [1.0, 1.0, 1.0]


def test_lanes_are_faster_within_their_own_destination_only() -> None:
    faster = faster_lanes(np.array([0, 0, 1, 0]), np.array([20.0, 5.0, 1.0, 5.0]))
    assert faster.tolist() == [[1, 3], [4, 4], [4, 4], [1, 4]]
