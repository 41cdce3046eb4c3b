"""From a network's arrays to tensors of the same names, in the shapes that a step multiplies by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.envs.axes import Axes, Record

Parameters = TypeVar("Parameters", bound=Record)


@dataclass(frozen=True)
class Kind:
    """Type and place of a network's tensors."""

    dtype: torch.dtype = torch.float32
    device: torch.device | str = "cpu"

    def tensor(self, array: NDArray[Any], axes: Axes) -> Tensor:
        """An array as a tensor with the axes that its field declares: those called 1 are put in; integers stay so."""
        sizes = iter(array.shape)
        shape = [1 if axis == "1" else next(sizes) for axis in axes.names]
        dtype = torch.int64 if array.dtype.kind == "i" else self.dtype
        values = np.ascontiguousarray(array.reshape(shape))
        return torch.as_tensor(values, dtype=dtype, device=self.device)


def compiled(record: type[Parameters], arrays: Record, kind: Kind, **derived: Any) -> Parameters:
    """A record of parameters from the arrays of the same names.

    Args:
        record: of tensors; a field with axes that isn't among `derived` is an array of `arrays`.
        arrays: of the same concern.
        kind: of tensor.
        derived: fields that are not an array as it stands: arrays become tensors, all else is kept as it is.
    """
    axes = record.axes()
    values = {name: getattr(arrays, name) for name in axes if name not in derived} | derived
    return record(
        **{
            name: kind.tensor(value, axes[name]) if isinstance(value, np.ndarray) else value
            for name, value in values.items()
        }
    )
