"""What follows from the axes that a record declares at its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record


@dataclass(frozen=True)
class Goods(Record):
    """A record inside another, with a share of its own to tell."""

    volume_m3: Annotated[Tensor, Axes("S")]


@dataclass(frozen=True)
class Stock(Record):
    """One field of every kind."""

    on_hand: Annotated[Tensor, Axes("BNS", unit="units", memory="NBS")]
    ring: Annotated[Tensor, Axes("NHBS")]
    sold: Annotated[Tensor, Axes("BTS")]
    booked_m3: Annotated[Tensor, Axes("BL", shared_by_skus=True)]
    first: Annotated[Tensor | None, Axes("BS")]
    goods: Goods
    more: tuple[Goods, ...]
    day: int

    def share_of(self, chosen: Tensor) -> float:
        """By volume."""
        return float(self.goods.volume_m3[chosen].sum() / self.goods.volume_m3.sum())


def stock() -> Stock:
    """B = 4, N = 2, H = 5, T = 6, L = 2, S = 3."""
    generator = torch.Generator().manual_seed(0)

    def some(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    goods = Goods(torch.tensor([1.0, 2.0, 5.0]))
    on_hand = some(2, 4, 3).transpose(0, 1)
    return Stock(on_hand, some(2, 5, 4, 3), some(4, 6, 3), some(4, 2), None, goods, (goods, goods), 7)


def test_episodes_are_taken_along_each_fields_own_axis_and_in_its_own_order_of_memory() -> None:
    whole = stock()
    for chosen in (slice(1, 3), torch.tensor([1, 2]), torch.tensor([False, True, True, False])):
        some = whole.episodes_at(chosen)
        assert torch.equal(some.on_hand, whole.on_hand[1:3])
        assert some.on_hand.transpose(0, 1).is_contiguous()
        assert torch.equal(some.ring, whole.ring[:, :, 1:3])
        assert torch.equal(some.booked_m3, whole.booked_m3[1:3])
        assert some.goods.volume_m3 is whole.goods.volume_m3
        assert some.first is None
        assert some.day == 7


def test_some_skus_bear_their_share_of_what_all_share() -> None:
    whole = stock()
    some = whole.for_skus(torch.tensor([2, 0]))
    assert torch.equal(some.ring, whole.ring[..., [2, 0]])
    assert torch.equal(some.booked_m3, whole.booked_m3 * 0.75)
    assert some.goods.volume_m3.tolist() == [5.0, 1.0]
    assert [goods.volume_m3.tolist() for goods in some.more] == [[5.0, 1.0]] * 2


def test_a_record_that_knows_no_better_shares_by_the_number_of_skus() -> None:
    assert stock().goods.share_of(torch.tensor([1])) == 1 / 3


def test_a_window_cuts_the_days() -> None:
    whole = stock()
    assert torch.equal(whole.window(2, 3).sold, whole.sold[:, 2:5])
    assert whole.window(2, 3).on_hand is whole.on_hand


def test_a_detached_record_has_no_gradient_and_the_records_inside_it_have_none() -> None:
    whole = stock().mapped(lambda value: value.requires_grad_())
    assert whole.on_hand.requires_grad
    assert whole.more[0].volume_m3.requires_grad
    cut = whole.detach()
    assert not cut.on_hand.requires_grad
    assert not cut.more[0].volume_m3.requires_grad


def test_sizes_are_told_by_axis_and_a_field_that_disagrees_is_named() -> None:
    whole = stock()
    assert whole.sizes() == {"B": 4, "N": 2, "S": 3, "H": 5, "T": 6, "L": 2}
    with pytest.raises(ValueError, match=r"Stock\.ring: axis N is 3 long, elsewhere 2"):
        Stock(**{**vars(whole), "ring": torch.zeros(3, 5, 4, 3)}).sizes()
    with pytest.raises(ValueError, match=r"Stock\.ring has the shape \(3,\), but the axes 'NHBS'"):
        Stock(**{**vars(whole), "ring": torch.zeros(3)}).sizes()


def test_axes_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="memory='NB' must be an order of the axes 'BNS'"):
        Axes("BNS", memory="NB")
    with pytest.raises(ValueError, match="can't share"):
        Axes("BS", shared_by_skus=True)
