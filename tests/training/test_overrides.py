import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import compose_experiment
from entrepot.training.overrides import as_it_stands

PATHS = (
    "data/run=3/sales.csv",
    "data/Größe/sales.csv",
    "data/sales (1).csv",
    "data/a,b/sales.csv",
    "me@work/sales.csv",
    "it's.csv",
    "[final] 'a' {b}.csv",
    "C:\\sales\\",
    "a:b #c.csv",
    "0012",
    "1e5",
)


@pytest.mark.parametrize("path", PATHS)
def test_paths_are_taken_as_the_shell_completes_them(path: str) -> None:
    given = [f"{key}={path}" for key in ("demand.path", "network", "demand", "run", "folder", "base_stock.path")]
    read = compose_experiment([*given, f"compute.storage={path}"])
    assert {
        read.demand.path,
        read.network,
        read.demand.name,
        read.run,
        read.folder,
        read.base_stock.path,
        read.compute.storage,
    } == {path}


def test_null_and_quotes_mean_what_they_mean_to_hydra() -> None:
    read = compose_experiment(["demand.path=null", "base_stock.path='a b.json'", 'network="my net.yaml"'])
    assert (read.demand.path, read.base_stock.path, read.network) == (None, "a b.json", "my net.yaml")


def test_the_home_folder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert compose_experiment(["demand.path=~/sales.csv"]).demand.path == "/somewhere/sales.csv"


def test_a_key_that_there_is_not_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigurationError, match="demnd") as raised:
        compose_experiment(["demnd.path=sales.csv"])
    assert len(str(raised.value).splitlines()) == 1


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="$"), min_size=1, max_size=12)


@given(TEXT.filter(lambda text: text != "null" and not text.startswith("~/") and text[0] not in "'\""))
def test_any_text_is_taken_as_it_stands(text: str) -> None:
    parsed = OverridesParser.create().parse_override(as_it_stands(f"demand.path={text}"))
    assert parsed.value() == text
    assert not parsed.is_sweep_override()
