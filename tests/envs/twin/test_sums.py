"""Sums over chosen rows are products with a matrix of zeros and ones."""

import pytest
import torch
from torch import Tensor

from entrepot.envs.twin.sums import Sums

SEVERAL = torch.tensor([[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [0, 1, 0, 0, 1]], dtype=torch.float64)
"""The last row is part of two sums, the last but one of none."""
ONCE = torch.tensor([[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0]], dtype=torch.float64)
UNITS = torch.rand(5, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

either = pytest.mark.parametrize(("matrix", "once"), [(SEVERAL, False), (ONCE, True)], ids=["several", "once"])


@either
def test_sums_are_the_products_with_the_matrix(matrix: Tensor, once: bool) -> None:
    torch.testing.assert_close(Sums.of(matrix, once=once)(UNITS), torch.einsum("ng,gbs->nbs", matrix, UNITS))


@either
def test_a_gradient_passes_the_other_way(matrix: Tensor, once: bool) -> None:
    units = UNITS.clone().requires_grad_()
    assert torch.autograd.gradcheck(Sums.of(matrix, once=once), (units,))


@either
def test_sums_are_the_same_to_the_bit_with_a_gradient_and_without(matrix: Tensor, once: bool) -> None:
    sums, units = Sums.of(matrix.float(), once=once), UNITS.float()
    assert torch.equal(sums(units), sums(units.clone().requires_grad_()))


@either
def test_a_row_is_summed_alike_whatever_else_is_in_the_batch(matrix: Tensor, once: bool) -> None:
    sums, units = Sums.of(matrix.float(), once=once), UNITS.float()
    assert torch.equal(sums(units)[:, :1], sums(units[:, :1].contiguous()))


def test_sums_without_a_row_are_0() -> None:
    nothing = Sums.of(torch.zeros(2, 5), once=True)(UNITS.float())
    assert nothing.shape == (2, 2, 3)
    assert (nothing == 0).all()
