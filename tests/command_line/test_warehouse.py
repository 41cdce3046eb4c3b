import json
from pathlib import Path

import pytest

from tests.command_line.conftest import Entrepot


def test_show_prints_space_goods_picking_throughput_and_equipment(entrepot: Entrepot) -> None:
    result = entrepot("warehouse", "show", "kreen", "los_angeles", "--json", "inside.json")
    assert result.exit_code == 0, result.output
    for word in ("Space", "5,483", "Goods", "largest_gap", "Throughput", "equipment_155", "assumed: the first fifth"):
        assert word in result.stdout
    content = json.loads(Path("inside.json").read_text(encoding="utf-8"))
    assert [row["routing"] for row in content["rows"]] == ["s_shape", "return", "largest_gap", "exact"]
    assert content["space"][0]["area_m2"] == 5000
    assert content["rows"][0]["tour_m"] >= content["rows"][-1]["tour_m"]
    assert sum(row["lines_share"] for row in content["goods"]) == pytest.approx(1, abs=0.002)


def test_show_draws_a_picture_and_a_page_and_tells_their_size(entrepot: Entrepot) -> None:
    result = entrepot("warehouse", "show", "kreen", "fba_ca", "--png", "a.png", "--html", "a.html")
    assert result.exit_code == 0, result.output
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    page = Path("a.html").read_text(encoding="utf-8")
    assert "fba_ca (kreen)" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert "html: a.html" in result.stdout


def test_slot_compares_slottings_and_tells_what_moves(entrepot: Entrepot) -> None:
    result = entrepot("warehouse", "slot", "kreen", "vancouver", "--lines-per-day", "2000", "--json", "slot.json")
    assert result.exit_code == 0, result.output
    rows = {row["method"]: row for row in json.loads(Path("slot.json").read_text(encoding="utf-8"))["rows"]}
    assert rows["random"]["positions_moved"] == 0
    assert rows["cube_per_order"]["single_visit_m"] == rows["assignment"]["single_visit_m"]
    assert rows["assignment"]["saved_hours_per_day"] > rows["class_based"]["saved_hours_per_day"] > 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("kreen", "berlin"), "nothing is said of what is inside 'berlin'; allowed: dongguan, yiwu"),
        (("two_warehouses", "shop"), "says nothing of what is inside its nodes"),
        (("kreen", "fba_ca", "--colour", "weight", "--html", "a.html"), "--colour: 'weight'; allowed: "),
        (("kreen", "fba_ca", "--skus", "2000"), "110 positions, but the stock"),
    ],
)
def test_what_can_t_be_shown_is_told_in_a_line(entrepot: Entrepot, arguments: tuple[str, ...], told: str) -> None:
    result = entrepot("warehouse", "show", *arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_an_unknown_slotting_is_refused(entrepot: Entrepot) -> None:
    result = entrepot("warehouse", "slot", "kreen", "fba_ca", "--now", "best")
    assert result.exit_code == 2
    assert "--now: 'best'; allowed: random, class_based" in result.output
