"""A linear program under construction: blocks of variables and of rows, written as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csc_array

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass
class LinearProgram:
    """Minimise cost over variables within bounds, subject to rows within bounds.

    Variables and rows are added in blocks of any shape and are known by arrays of their numbers, so that a whole family
    of constraints is one call and NumPy's broadcasting does the rest.
    """

    columns: int = 0
    row_count: int = 0
    blocks: dict[str, Integers] = field(default_factory=dict)  # variables by name
    _lower: list[Floats] = field(default_factory=list)
    _upper: list[Floats] = field(default_factory=list)
    _row_lower: list[Floats] = field(default_factory=list)
    _row_upper: list[Floats] = field(default_factory=list)
    _entries: list[tuple[Integers, Integers, Floats]] = field(default_factory=list)
    _costs: dict[str, list[tuple[Integers, Floats]]] = field(default_factory=dict)

    def variables(
        self, name: str, shape: tuple[int, ...], *, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf
    ) -> Integers:
        """Add a block of variables between bounds; their numbers, in the shape asked for."""
        numbers = self.columns + np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
        self.blocks[name] = numbers
        self._lower.append(np.broadcast_to(np.asarray(lower, np.float64), shape).ravel())
        self._upper.append(np.broadcast_to(np.asarray(upper, np.float64), shape).ravel())
        self.columns += numbers.size
        return numbers

    def rows(self, shape: tuple[int, ...], *, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf) -> Integers:
        """Add a block of empty rows; their numbers."""
        numbers = self.row_count + np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
        self._row_lower.append(np.broadcast_to(np.asarray(lower, np.float64), shape).ravel())
        self._row_upper.append(np.broadcast_to(np.asarray(upper, np.float64), shape).ravel())
        self.row_count += numbers.size
        return numbers

    def add(self, rows: Integers, columns: Integers, values: ArrayLike = 1.0) -> None:
        """Add `values` times the variables to the rows; the three are broadcast against each other."""
        row, column, value = np.broadcast_arrays(rows, columns, np.asarray(values, np.float64))
        kept = value != 0
        self._entries.append((row[kept], column[kept], value[kept]))

    def cost(self, part: str, columns: Integers, usd: ArrayLike) -> None:
        """Let each variable cost so many USD a unit, as part of a named sum."""
        column, price = np.broadcast_arrays(columns, np.asarray(usd, np.float64))
        self._costs.setdefault(part, []).append((column.ravel(), price.ravel()))

    def prices(self, part: str) -> Floats:
        """[columns] USD of each variable in a part of the cost."""
        total = np.zeros(self.columns)
        for columns, usd in self._costs.get(part, []):
            np.add.at(total, columns, usd)
        return total

    @property
    def objective(self) -> Floats:
        """[columns] USD of each variable."""
        return np.sum([self.prices(part) for part in self._costs], axis=0) if self._costs else np.zeros(self.columns)

    def parts(self, values: Floats) -> dict[str, float]:
        """Each part of the cost, in USD, where the variables have these values [columns]."""
        return {part: float(self.prices(part) @ values) for part in self._costs}

    def matrix(self) -> Any:
        """[rows, columns] in SciPy's compressed columns; entries in the same place are added up."""
        row = np.concatenate([entry[0] for entry in self._entries])
        column = np.concatenate([entry[1] for entry in self._entries])
        value = np.concatenate([entry[2] for entry in self._entries])
        return csc_array(coo_array((value, (row, column)), shape=(self.row_count, self.columns)))

    def bounds(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Lower and upper bounds of variables, then of rows."""
        return (
            np.concatenate(self._lower),
            np.concatenate(self._upper),
            np.concatenate(self._row_lower),
            np.concatenate(self._row_upper),
        )
