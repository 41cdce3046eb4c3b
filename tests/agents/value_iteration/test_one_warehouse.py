import pytest

from entrepot.agents.value_iteration import lost_sales_optimum, one_warehouse_optimum, poisson_probabilities

DEMAND = poisson_probabilities(1, 8)


@pytest.mark.parametrize("warehouse_days", [1, 2])
def test_where_waiting_upstream_is_as_dear_a_warehouse_of_one_store_is_only_a_longer_way(warehouse_days: int) -> None:
    found = one_warehouse_optimum(
        DEMAND,
        1,
        warehouse_days,
        warehouse_holding=1,
        store_holding=1,
        penalty=9,
        most_at_warehouse=8,
        most_at_store=14,
        largest_shipment=8,
        largest_order=6,
    )
    one_place = lost_sales_optimum(
        DEMAND, 1 + warehouse_days, holding=1, penalty=9, most_on_hand=16, largest_order=6, tolerance=1e-4
    )
    assert found.cost == pytest.approx(one_place.cost, rel=2e-4)


def test_two_stores_that_share_a_warehouse_cost_less_than_two_with_their_own() -> None:
    shared, own = (
        one_warehouse_optimum(
            DEMAND,
            stores,
            1,
            warehouse_holding=0.5,
            store_holding=1,
            penalty=9,
            most_at_warehouse=6 * stores,
            most_at_store=8,
            largest_shipment=4,
            largest_order=5 * stores,
        ).cost
        for stores in (2, 1)
    )
    assert shared < 2 * own
