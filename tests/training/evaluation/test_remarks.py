from typing import Any

from entrepot.training.evaluation.remarks import remarks


def row(policy: str, turns: float, settlement: float = 0.0) -> dict[str, Any]:
    return {
        "policy": policy,
        "inventory_turnover_per_year": turns,
        "cost_usd_per_day": 100.0 - settlement,
        "settlement_usd_per_day": settlement,
        "settled_cost_usd_per_day": 100.0,
    }


def test_scenarios_in_which_every_policy_sells_off_old_stock_are_remarked() -> None:
    (line,) = remarks([row("a", 0.3), row("b", 0.54)])
    assert line.startswith("every policy's stock turns 0.3 to 0.5 times a year")
    assert remarks([row("a", 0.3), row("b", 4.0)]) == []


def test_a_settlement_that_decides_on_a_policys_place_is_remarked() -> None:
    (line,) = remarks([row("a", 4.0), row("b", 4.0, settlement=40.0)])
    assert "(b +40 USD a day)" in line


def test_the_bound_which_has_no_turns_and_no_total_is_passed_over() -> None:
    bound = {"policy": "hindsight", "settlement_usd_per_day": 40.0, "settled_cost_usd_per_day": 100.0}
    assert remarks([bound, row("a", 4.0)]) == []
    assert remarks([bound]) == []
