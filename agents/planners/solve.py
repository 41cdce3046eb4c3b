"""Hand a linear program to HiGHS."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import highspy
import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.program import LinearProgram
from entrepot.configs.errors import EntrepotError

Floats = NDArray[np.float64]

METHODS = ("simplex", "ipm")


class PlanningError(EntrepotError, RuntimeError):
    """A linear program could not be solved."""

    exit_code = 1


@dataclass(frozen=True)
class Solution:
    """An optimum."""

    values: Floats  # [columns]
    usd: float
    seconds: float


def solve(program: LinearProgram, *, method: str = METHODS[0]) -> Solution:
    """Solve to optimality, on one thread.

    Args:
        program: to minimise.
        method: of HiGHS, `simplex` or `ipm`. If it ends without a verdict, for numerical reasons, the other is tried.

    Raises:
        PlanningError: no method finds an optimum.
    """
    started = perf_counter()
    model = _model(program)
    verdicts = []
    for attempt in sorted(METHODS, key=lambda name: name != method):
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("solver", attempt)):
            highs.setOptionValue(option, value)
        highs.passModel(model)
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            values = np.asarray(highs.getSolution().col_value)
            return Solution(values, highs.getInfo().objective_function_value, perf_counter() - started)
        verdicts.append(f"{attempt}: {highs.modelStatusToString(status)}")
    raise PlanningError(
        f"linear program of {program.row_count:,} rows and {program.columns:,} variables: no optimum found by HiGHS "
        f"({', '.join(verdicts)})"
    )


def _model(program: LinearProgram) -> highspy.HighsLp:
    matrix = program.matrix()
    lower, upper, row_lower, row_upper = program.bounds()
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = program.columns, program.row_count
    model.col_cost_ = program.objective
    model.col_lower_, model.col_upper_ = lower, upper
    model.row_lower_, model.row_upper_ = row_lower, row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr
    model.a_matrix_.index_ = matrix.indices
    model.a_matrix_.value_ = matrix.data
    return model
