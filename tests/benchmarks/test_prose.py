"""Pages that scripts write are wrapped; what must not be broken is not."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def wrapped(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    monkeypatch.syspath_prepend(str(FOLDER))
    function: Callable[[str], str] = importlib.import_module("prose").wrapped
    return function


def test_paragraphs_and_items_are_filled_to_the_width(wrapped: Callable[[str], str]) -> None:
    text = "words\n" * 40 + "\n- " + "item " * 40 + "\n- next\n"
    page = wrapped(text)
    assert max(map(len, page.splitlines())) <= 120
    assert page.split() == text.split()
    assert page.splitlines()[0] == " ".join(["words"] * 20)
    assert [line[:2] for line in page.splitlines()[3:]] == ["- ", "  ", "- "]


def test_tables_headings_pictures_and_code_stay_as_they_are(wrapped: Callable[[str], str]) -> None:
    long = "x " * 100
    text = f"# {long}\n\n| {long}|\n| --- |\n\n![{long}](x.png)\n\n```sh\n{long}\n  y\n```\n"
    assert wrapped(text) == text


def test_a_figure_and_its_unit_stay_together(wrapped: Callable[[str], str]) -> None:
    for length in range(100, 125):
        lines = wrapped("x" * length + " 0.5 % of 12 s and 3 USD").splitlines()
        assert not any(line.startswith(("%", "s", "USD")) for line in lines)
