import json
from pathlib import Path

import numpy as np
import pandas as pd

from tests.command_line.conftest import Entrepot

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


def test_windows_can_be_divided_as_a_run_had_them(entrepot: Entrepot, tmp_path: Path) -> None:
    days = pd.date_range("2022-01-01", "2023-06-30").strftime("%Y-%m-%d")
    sales = pd.DataFrame({"date": days, "sku": "one", "market": "online", "units_sold": np.arange(len(days)) % 7})
    sales.to_csv(tmp_path / "sales.csv", index=False)
    arguments = ("evaluate", *SHORT, "--policies", "min_max", "--history", "sales.csv")
    assert "is not inside the history" in entrepot(*arguments).stderr
    done = entrepot(*arguments, "--windows", "divided")
    assert done.exit_code == 0, done.output
    assert "trained on 2022-01-01 to 2023-01-17" in done.output
