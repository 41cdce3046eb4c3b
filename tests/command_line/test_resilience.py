import json
from pathlib import Path

from tests.command_line.conftest import Entrepot

SHORT = ["two_warehouses", "--skus", "2", "--episodes", "2", "--warm-up-days", "5", "--before-days", "7"]


def test_every_disruption_that_befalls_the_network_is_told_and_the_others_are_left_out_aloud(
    entrepot: Entrepot, tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    done = entrepot(
        "resilience", *SHORT, "--after-days", "3", "--policies", "min_max", "--json", file, "--plots", tmp_path
    )
    assert done.exit_code == 0, done.output
    content = json.loads(file.read_text())
    names = ["equipment_storm", "fire", "lunar_new_year", "us_west_coast_port_strike"]
    assert [row["disruption"] for row in content["rows"]] == names
    assert all((tmp_path / f"{name}.png").is_file() for name in names)
    assert "left out: disruption prime_day: events.days.markets" in done.output
    assert "nothing wears at hub, shop: throughput_share 0.5 stands in" in done.output
    assert content["provenance"]["threshold"] == 0.95
    assert content["provenance"]["observation"] == "as_live"


def test_a_disruption_that_there_isnt_is_refused_in_a_line(entrepot: Entrepot) -> None:
    done = entrepot("resilience", *SHORT, "--policies", "min_max", "--disruptions", "flood")
    assert done.exit_code == 2
    assert "disruption: there is no 'flood'; allowed: equipment_storm, fire" in done.output
