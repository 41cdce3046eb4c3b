"""What is scarce is shared in proportion, and whole units are given out to the last."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from entrepot.envs.twin.rationing import Queues, split, within_capacity
from tests.worlds import few

ONE_PLACE = Queues.of(torch.ones(1, 3, dtype=torch.float64))


def share_out(asked: list[float], available: float, *, whole_units: bool) -> list[float]:
    wanted = torch.tensor(asked, dtype=torch.float64)[:, None, None]
    stock = torch.tensor([[[available]]], dtype=torch.float64)
    given_out: list[float] = split(wanted, stock, ONE_PLACE, whole_units=whole_units).flatten().tolist()
    return given_out


amounts = st.lists(st.integers(0, 1000), min_size=3, max_size=3)


@few
@given(amounts, st.integers(0, 2000))
def test_all_that_there_is_goes_out_where_more_is_asked(asked: list[int], available: int) -> None:
    for whole_units in (True, False):
        given_out = share_out([float(units) for units in asked], available, whole_units=whole_units)
        assert abs(sum(given_out) - min(sum(asked), available)) < 1e-9
        assert all(0 <= units <= most + 1e-9 for units, most in zip(given_out, asked, strict=True))


@few
@given(amounts, st.integers(0, 2000))
def test_nobody_is_further_than_a_unit_from_a_fair_share(asked: list[int], available: int) -> None:
    fair = min(1.0, available / max(sum(asked), 1))
    given_out = share_out([float(units) for units in asked], available, whole_units=True)
    assert all(abs(units - most * fair) <= 1 + 1e-3 for units, most in zip(given_out, asked, strict=True))


def test_fractions_are_shared_exactly_in_proportion() -> None:
    assert share_out([10, 20, 30], 15, whole_units=False) == [2.5, 5.0, 7.5]


def test_the_last_unit_is_not_left_on_the_shelf() -> None:
    assert sum(share_out([1, 1, 1], 1, whole_units=True)) == 1


def test_askers_from_elsewhere_get_all_they_ask() -> None:
    group = torch.tensor([[1.0, 0.0, 1.0]])
    for others_at_the_place in (1.0, 0.0):
        queues = Queues.of(
            group * torch.tensor([1.0, 0.0, others_at_the_place]), elsewhere=torch.tensor([0.0, 1.0, 0.0])
        )
        asked = torch.tensor([[[4.0]], [[9.0]], [[4.0]]])
        for whole_units in (True, False):
            assert split(asked, torch.zeros(1, 1, 1), queues, whole_units=whole_units).flatten().tolist() == [0, 9, 0]


def test_a_limit_scales_all_articles_alike_and_fills_up_in_their_order() -> None:
    units = torch.tensor([[5.0, 5.0, 5.0]])
    within = within_capacity(units, torch.tensor([1.0, 1.0, 1.0]), torch.tensor([8.0]), whole_units=True)
    assert within.tolist() == [[4, 2, 2]]
    fractions = within_capacity(units, torch.tensor([1.0, 1.0, 1.0]), torch.tensor([7.5]), whole_units=False)
    assert fractions.tolist() == [[2.5, 2.5, 2.5]]


def test_a_limit_that_does_not_bind_changes_nothing() -> None:
    units = torch.tensor([[5.0, 0.0]])
    for limit in (5.0, 1e12):
        assert torch.equal(within_capacity(units, 1.0, torch.tensor([limit]), whole_units=True), units)
