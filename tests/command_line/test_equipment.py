import json
from pathlib import Path

from tests.command_line.conftest import Entrepot


def test_report_compares_policies_and_at_shape_1_the_best_age_gains_nothing(entrepot: Entrepot) -> None:
    arguments = ("--shapes", "1,3", "--units", 60, "--years", 0.3, "--json", "report.json")
    result = entrepot("equipment", "report", "kreen", "los_angeles/equipment_155", *arguments)
    assert result.exit_code == 0, result.output
    assert "maintenance in time never pays" in result.stdout
    assert "assumed: fixed_age at 250 hours" in result.stdout
    rows = json.loads(Path("report.json").read_text(encoding="utf-8"))["rows"]
    gain = {(row["shape"], row["policy"]): row["against_run_to_failure"] for row in rows}
    assert len(rows) == 8
    assert gain[1.0, "optimal_age"] == 0
    assert gain[1.0, "fixed_age"] > 0
    assert gain[3.0, "optimal_age"] < -0.2


def test_unknown_equipment_and_shapes_are_refused_in_a_line(entrepot: Entrepot) -> None:
    for arguments, told in (
        (("kreen", "los_angeles/cranes"), "has no equipment 'los_angeles/cranes'; allowed: dongguan/forklifts"),
        (("two_warehouses",), "has no equipment; give it under inside.warehouses"),
        (("kreen", "los_angeles/forklifts", "--shapes", "2,x"), "--shapes: '2,x'; allowed: numbers above 0"),
    ):
        result = entrepot("equipment", "report", *arguments)
        assert result.exit_code == 2
        assert told in result.output
