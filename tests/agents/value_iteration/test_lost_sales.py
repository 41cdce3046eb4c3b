import numpy as np
import pytest
from numpy.typing import NDArray

from entrepot.agents.value_iteration import geometric_probabilities, lost_sales_optimum, poisson_probabilities
from entrepot.agents.value_iteration.relative import NotConvergedError, least_average_cost


def test_probabilities_sum_to_one_and_have_the_mean() -> None:
    for probabilities in (poisson_probabilities(5, 120), geometric_probabilities(5, 120)):
        assert probabilities.sum() == pytest.approx(1)
        assert probabilities @ np.arange(121) == pytest.approx(5)
    assert geometric_probabilities(5, 120)[:3] == pytest.approx([1 / 6, 5 / 36, 25 / 216])


@pytest.mark.parametrize(("penalty", "published"), [(4, 4.73), (9, 6.84), (19, 8.89), (39, 10.79)])
def test_the_row_of_lead_time_4_is_as_published(penalty: int, published: float) -> None:
    """Zipkin 2008, table of Poisson demand with a mean of 5."""
    demand = poisson_probabilities(5, 30)
    found = lost_sales_optimum(demand, 4, holding=1, penalty=penalty, most_on_hand=44, largest_order=12)
    assert round(found.cost, 2) == published
    assert found.low <= found.cost <= found.high


@pytest.mark.parametrize(
    ("demand", "chosen"), [(poisson_probabilities(5, 30), (34, 12)), (geometric_probabilities(5, 120), (60, 20))]
)
def test_bounds_beyond_the_reach_of_good_policies_change_nothing(
    demand: NDArray[np.float64], chosen: tuple[int, int]
) -> None:
    near, far = (
        lost_sales_optimum(demand, 2, holding=1, penalty=9, most_on_hand=most, largest_order=order)
        for most, order in [chosen, (80, 24)]
    )
    assert near.cost == pytest.approx(far.cost, rel=1e-5)


def test_a_process_that_does_not_come_close_in_time_is_an_error() -> None:
    with pytest.raises(NotConvergedError, match="after 3 sweeps"):
        least_average_cost(
            lambda values: (values[::-1] + np.array([0, 1]), values.astype(int)), (2,), tolerance=1e-6, most_sweeps=3
        )
