import json
from pathlib import Path

import pytest

from tests.command_line.conftest import Entrepot


def test_list_prints_every_network_that_ships(entrepot: Entrepot) -> None:
    result = entrepot("network", "list")
    assert result.exit_code == 0
    assert "kreen" in result.stdout
    assert "two_warehouses" in result.stdout


def test_show_prints_tables_and_draws_the_map_beside(entrepot: Entrepot, tmp_path: Path) -> None:
    result = entrepot("network", "show", "kreen")
    assert result.exit_code == 0
    for word in ("Nodes", "Suppliers", "Markets", "Lanes", "los_angeles", "guangdong", "us_amazon", "rail", "kg co2e"):
        assert word in result.stdout
    assert (tmp_path / "kreen.png").read_bytes().startswith(b"\x89PNG")


def test_show_writes_the_figures_as_json(entrepot: Entrepot, tmp_path: Path) -> None:
    result = entrepot("network", "show", "two_warehouses", "--skus", 7, "--no-map", "--json", "network.json")
    assert result.exit_code == 0
    content = json.loads((tmp_path / "network.json").read_text(encoding="utf-8"))
    assert [row["mode"] for row in content["rows"]] == ["truck", "sea", "air"]
    assert content["rows"][1] | {"lead_days": 18.6, "on_time_share": 0.6, "distance_km": 11900.0} == content["rows"][1]
    assert content["provenance"]["skus"] == 7
    assert [row["node"] for row in content["nodes"]] == ["hub", "shop"]
    assert not list(tmp_path.glob("*.png"))


def test_the_map_goes_where_it_is_asked_for(entrepot: Entrepot, tmp_path: Path) -> None:
    assert entrepot("network", "show", "two_warehouses", "--map", "here.png").exit_code == 0
    assert (tmp_path / "here.png").is_file()
    assert not (tmp_path / "two_warehouses.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("karen",), "network: there is no 'karen'; allowed: classic/"),
        (("mine.yaml",), "network: the file 'mine.yaml' does not exist"),
        (("two_warehouses", "--map", "no/such/folder/map.png"), "can't be written"),
    ],
)
def test_what_can_not_be_done_is_said_on_standard_error_without_a_traceback(
    entrepot: Entrepot, arguments: tuple[str, ...], message: str
) -> None:
    result = entrepot("network", "show", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_node_that_nothing_reaches_is_pointed_out(entrepot: Entrepot, tmp_path: Path) -> None:
    from entrepot.configs.loader import locate

    text = locate("network", "two_warehouses").read_text(encoding="utf-8")
    lonely = text.replace("nodes:\n", "nodes:\n  lonely: {country: DE, latitude: 53.5, longitude: 10}\n")
    (tmp_path / "mine.yaml").write_text(lonely, encoding="utf-8")
    result = entrepot("network", "show", "mine.yaml", "--no-map")
    assert "warning: nodes.lonely: no lane leads from a supplier to lonely" in result.stdout


def test_help_teaches_by_example(entrepot: Entrepot) -> None:
    assert "entrepot network show kreen" in entrepot("network", "show", "--help").stdout


ANSWERS = ("--warehouses", "shenzhen:CN:22.5,114.1 texas:US", "--suppliers", "factory:CN", "--markets", "us_shop:US")


def test_a_new_network_is_written_and_can_be_shown(entrepot: Entrepot, tmp_path: Path) -> None:
    done = entrepot("network", "new", "mine", *ANSWERS, "--skus", 5)
    assert done.exit_code == 0, done.output
    assert "mine.yaml: 2 warehouses, 3 lanes, 5 SKUs" in done.output
    assert "lines are marked (assumption): put in what you know" in done.output
    shown = entrepot("network", "show", "mine.yaml", "--no-map")
    assert shown.exit_code == 0, shown.output
    assert "warning" not in shown.output
    again = entrepot("network", "new", "mine", *ANSWERS, "--skus", 5)
    assert again.exit_code == 2
    assert "--out: 'mine.yaml' exists, and is not written over" in again.stderr


def test_what_is_not_given_is_asked_for_until_it_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from entrepot.command_line import app

    monkeypatch.chdir(tmp_path)
    said = "texas\ntexas:US\nfactory:CN\nus_shop:US\n7\n"
    done = CliRunner().invoke(app, ["network", "new", "asked"], input=said)
    assert done.exit_code == 0, done.output
    assert "warehouses: 'texas'; allowed: NAME:COUNTRY" in done.output
    assert "count: 7" in (tmp_path / "asked.yaml").read_text(encoding="utf-8")
