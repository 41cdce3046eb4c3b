"""Tensors as linear programs take them."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def doubles(tensor: Tensor) -> Any:
    """As NumPy, in double precision where it is not an index."""
    array = tensor.detach().cpu().numpy()
    return array if array.dtype.kind == "i" else array.astype("float64")
