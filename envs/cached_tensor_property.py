"""What is worked out once and kept."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self, TypeVar, overload

import torch

T = TypeVar("T")


class CachedTensorProperty(cached_property[T]):
    """A cached property whose tensors serve training too, though it was first asked for in inference mode."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Any:
        """Worked out outside of inference mode, whose tensors no gradient may pass."""
        with torch.inference_mode(False):
            return super().__get__(instance, owner)
