import json
from pathlib import Path

from tests.command_line.conftest import Entrepot

ASKED = ("route", "dongguan", "hamburg", "--units", 2000, "--ready", "2026-11-25")


def test_route_shows_the_cheapest_the_fastest_and_the_cleanest_and_what_was_assumed(entrepot: Entrepot) -> None:
    result = entrepot(*ASKED, "--json", "front.json")
    assert result.exit_code == 0, result.output
    for word in ("cheapest, cleanest", "fastest", "mean SKU", "guessed (*)", "left out: duty"):
        assert word in result.stdout
    content = json.loads(Path("front.json").read_text(encoding="utf-8"))
    rows = content["rows"]
    by = {name: row for row in rows for name in row["best"]}
    assert by["cheapest"]["usd"] == min(row["usd"] for row in rows)
    assert by["fastest"]["days"] == min(row["days"] for row in rows)
    assert by["cleanest"]["kg_co2e"] == min(row["kg_co2e"] for row in rows)
    assert by["fastest"]["usd"] > by["cheapest"]["usd"]
    assert by["cheapest"]["legs"][1]["leg"] == "yantian→hamburg_port:sea"
    assert content["provenance"]["units"] == 2000


def test_a_due_date_leaves_out_what_is_late_and_names_the_soonest_if_all_is(entrepot: Entrepot) -> None:
    result = entrepot(*ASKED, "--due", "2026-12-20")
    assert result.exit_code == 0, result.output
    assert "rail" in result.stdout
    assert "yantian" not in result.stdout
    assert "left out: 1 more that would arrive after --due" in result.stdout
    result = entrepot(*ASKED, "--due", "2026-11-28")
    assert result.exit_code == 2
    assert "--due: 2026-11-28; nothing that is ready on 2026-11-25 is in hamburg before 2026-12-02" in result.output


def test_what_can_t_be_used_is_refused_in_a_line(entrepot: Entrepot) -> None:
    for arguments, told in (
        (("route", "dongguan", "paris", "--units", 1), "TO: 'paris' is no place; allowed: dongguan, yiwu"),
        (("route", "dongguan", "dongguan", "--units", 1), "TO: 'dongguan' is where the goods are already"),
        ((*ASKED, "--due", "tomorrow"), "--due: 'tomorrow' is no date; one is written as 2026-01-31"),
        ((*ASKED, "--sku", "lamp"), "--sku: 'lamp' is none of kreen's 32"),
        ((*ASKED, "--routes", "moon"), "routes: there is no 'moon'; allowed: kreen"),
        (("route", "hamburg", "dongguan", "--units", 1), "no legs of routes kreen lead there"),
    ):
        result = entrepot(*arguments)
        assert result.exit_code == 2
        assert told in result.output, result.output
