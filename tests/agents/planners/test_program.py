import numpy as np
import pytest

from entrepot.agents.planners.program import LinearProgram
from entrepot.agents.planners.solve import METHODS, PlanningError, solve


def diet() -> LinearProgram:
    """Two foods, two nutrients; the optimum is worked out by hand: 1.5 of each at 2 and 3 USD."""
    program = LinearProgram()
    food = program.variables("food", (2,), upper=[4.0, 4.0])
    nutrient = program.rows((2,), lower=[3.0, 4.5])
    program.add(nutrient[0], food)
    program.add(nutrient[1], food, [1.0, 2.0])
    program.cost("bread", food[0], 2.0)
    program.cost("milk", food[1], 3.0)
    return program


@pytest.mark.parametrize("method", METHODS)
def test_a_small_program_is_solved_to_the_optimum_worked_out_by_hand(method: str) -> None:
    solution = solve(diet(), method=method)
    assert solution.usd == pytest.approx(7.5)
    np.testing.assert_allclose(solution.values, [1.5, 1.5])


def test_parts_of_the_cost_add_up_to_the_whole() -> None:
    program = diet()
    solution = solve(program)
    assert program.parts(solution.values) == pytest.approx({"bread": 3.0, "milk": 4.5})


def test_entries_in_the_same_place_are_added_up() -> None:
    program = LinearProgram()
    amount = program.variables("amount", (1,))
    row = program.rows((1,), lower=6.0)
    program.add(row, amount, 1.0)
    program.add(row, amount, 2.0)
    program.cost("all", amount, 1.0)
    assert solve(program).usd == pytest.approx(2.0)


def test_a_program_without_a_solution_is_an_error_that_tells_its_size() -> None:
    program = diet()
    program.add(program.rows((1,), upper=-1.0), program.blocks["food"])
    with pytest.raises(PlanningError, match=r"3 rows and 2 variables.*Infeasible"):
        solve(program)
