"""Names, paths and values are shown as the text they are, on any terminal."""

import io
import sys
from pathlib import Path

import pytest

from entrepot.command_line.encoding import print_what_can_be
from tests.command_line.conftest import Entrepot

NETWORK = r"""
name: small[b2b]
title: "Plan B [/old] :warning:"
nodes:
  "hub[/red]": {country: CN, latitude: 22.5, longitude: 114.1}
  "shop $x^{$ [bold]": {country: US, latitude: 34, longitude: -118}
suppliers:
  "plant[link=x]": {country: CN, latitude: 23, longitude: 113}
markets:
  "web[/]": {country: US, channel: "own[shop]", options: [{node: "shop $x^{$ [bold]"}]}
lanes:
  - {origin: "plant[link=x]", destination: "hub[/red]", mode: truck, transit: {days: 1}}
  - {origin: "hub[/red]", destination: "shop $x^{$ [bold]", mode: sea, transit: {days: 9}}
skus:
  "mug [blue]": {unit_value_usd: 2, price_usd: 9, volume_m3: 0.001, weight_kg: 0.1, suppliers: ["plant[link=x]"]}
"""
DEMAND = "kind: stationary\nevery_market: {distribution: poisson, mean: 5}\n"


@pytest.fixture
def bracketed(tmp_path: Path) -> Path:
    """A network whose every name holds what Rich or Matplotlib would take for a style."""
    folder = tmp_path / "in [here]"
    folder.mkdir()
    (folder / "demand[a].yaml").write_text(DEMAND, encoding="utf-8")
    path = folder / "net[b].yaml"
    path.write_text(NETWORK, encoding="utf-8")
    return path


def test_square_brackets_are_shown_by_network_show(entrepot: Entrepot, bracketed: Path) -> None:
    shown = entrepot("network", "show", bracketed, "--map", "a [map].png", "--json", "b [json].json")
    assert shown.exit_code == 0, shown.output
    for name in (
        "Plan B [/old] :warning:",
        "hub[/red]",
        "shop $x^{$ [bold]",
        "plant[link=x]",
        "web[/]",
        "own[shop]",
        "map: a [map].png",
    ):
        assert name in shown.stdout


def test_square_brackets_are_shown_by_evaluate(entrepot: Entrepot, bracketed: Path) -> None:
    arguments = ("--policies", "min_max", "--episodes", 2, "--days", 10, "--warm-up-days", 0, "--plots", "p [1]")
    judged = entrepot("evaluate", bracketed, "--demand", bracketed.parent / "demand[a].yaml", *arguments)
    assert judged.exit_code == 0, judged.output
    assert "small[b2b]" in judged.stdout
    assert Path("p [1]/cost.png").is_file()


def test_square_brackets_are_shown_in_errors(entrepot: Entrepot) -> None:
    refused = entrepot("network", "show", "no[/such].yaml")
    assert refused.exit_code == 2
    assert "the file 'no[/such].yaml' does not exist" in refused.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_what_an_output_lacks_is_spelt_otherwise(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    print_what_can_be()
    print("hub → west, 5 m³: Łódź", flush=True)
    shown = written.getvalue().decode(encoding)
    assert shown.startswith("hub → west" if encoding == "utf-8" else "hub -> west")
    assert ("Łódź" if encoding == "utf-8" else r"\u0141") in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "two_warehouses", "--plots", "blocked/plots"),
        ("evaluate", "two_warehouses", "--json", "blocked/figures.json"),
        ("train", "network=two_warehouses", "folder=blocked"),
        ("train", "network=two_warehouses", "--json", "blocked/figures.json"),
        ("export", "run", "--out", "blocked/modules"),
        ("network", "show", "two_warehouses", "--no-map", "--json", "blocked/figures.json"),
        ("network", "show", "two_warehouses", "--map", "blocked/map.png"),
    ],
)
def test_what_can_not_be_written_is_said_in_a_line(
    entrepot: Entrepot, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "blocked").write_text("a file", encoding="utf-8")
    refused = entrepot(*arguments)
    assert refused.exit_code == 2
    assert "blocked" in refused.stderr
    assert "can't be written" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_seed_below_zero_is_refused(entrepot: Entrepot) -> None:
    refused = entrepot("evaluate", "two_warehouses", "--seed", -1)
    assert refused.exit_code == 2
    assert "Traceback" not in refused.stderr
