"""Names in pictures are text: a dollar sign begins no formula."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib import rc_context


@contextmanager
def names_as_they_are() -> Iterator[None]:
    """A setting of Matplotlib for the time of a block, or of the function that it decorates."""
    with rc_context({"text.parse_math": False}):
        yield
