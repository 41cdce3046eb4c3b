"""What is given as an array, read as one or refused; nothing with a mask, a unit or names of its own is guessed at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PLAIN = "a plain array of numbers is required"
_NAMED = ("columns", "dims", "coords", "index_names")


def plain_array(value: Any) -> tuple[NDArray[Any] | None, str]:
    """An array without a copy where there is one already, and what is wrong with it; empty if nothing is.

    Refused are masked arrays (a mask says that a value is unknown, and reading would lose it), arrays with units or
    named axes (pandas, xarray, units' libraries), whose order may be another than the schema's, and anything ragged.
    """
    if isinstance(value, np.ndarray) and type(value) not in (np.ndarray, np.memmap):
        return None, f"is a {type(value).__name__}; {PLAIN}"
    if not isinstance(value, np.ndarray):
        if isinstance(value, str | bytes | dict | set | frozenset) or value is None:
            return None, f"is of type {type(value).__name__}; {PLAIN}"
        if any(hasattr(value, name) for name in _NAMED):
            return None, f"is a {type(value).__name__}, whose axes have names of their own; {PLAIN}"
        try:
            value = np.asarray(value)
        except Exception as error:  # of any array library, and of lists that are ragged
            return None, f"can't be read as an array ({type(error).__name__}); {PLAIN}"
        if type(value) is not np.ndarray:
            return None, f"is a {type(value).__name__}; {PLAIN}"
    if value.dtype.kind not in "fiub":
        return None, f"is of type {value.dtype}; {'real numbers are required' if value.dtype.kind != 'O' else PLAIN}"
    return value, ""
