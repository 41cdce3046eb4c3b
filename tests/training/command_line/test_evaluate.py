import json
from pathlib import Path

from tests.training.command_line.conftest import Entrepot

SHORT = ["two_warehouses", "--episodes", "2", "--days", "10", "--warm-up-days", "10", "--processes", "1"]


def test_planners_stand_in_the_table_and_in_the_figures_with_their_share_and_effort(
    entrepot: Entrepot, tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    done = entrepot("evaluate", *SHORT, "--policies", "min_max,mpc,hindsight", "--json", file, "--plots", tmp_path)
    assert done.exit_code == 0, done.output
    assert "share of the way from min_max to hindsight" in done.output
    assert "weekly plans of 4 linear programs" in done.output
    content = json.loads(file.read_text())
    rows = {row["policy"]: row for row in content["rows"]}
    assert rows["min_max"]["share_of_way"] == 0.0
    assert rows["hindsight"]["share_of_way"] == 1.0
    assert rows["mpc"]["share_of_way_low"] <= rows["mpc"]["share_of_way"] <= rows["mpc"]["share_of_way_high"]
    assert rows["hindsight"]["cost_usd_per_day"] is None
    assert rows["hindsight"]["settled_cost_usd_per_day"] < rows["mpc"]["settled_cost_usd_per_day"]
    assert [(pair["policy"], pair["baseline"]) for pair in content["paired"]] == [("mpc", "min_max")]
    assert set(content["provenance"]["effort"]) == {"mpc", "hindsight"}
    assert (tmp_path / "cost.png").is_file()


def test_the_bound_alone_can_be_asked_for(entrepot: Entrepot, tmp_path: Path) -> None:
    done = entrepot("evaluate", *SHORT, "--policies", "hindsight", "--plots", tmp_path)
    assert done.exit_code == 0, done.output
    assert "total, stock settled" in done.output
