"""The environment's page names the columns that agents really see and fill."""

import importlib
import inspect
from pathlib import Path

import pytest

from entrepot.envs import warehouse_network_v0
from entrepot.envs.interfaces.arguments import EPISODE_DAYS
from entrepot.envs.observe.columns import observation_columns

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "environment.md"


def test_the_page_is_as_its_script_would_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    page = PAGE.read_text(encoding="utf-8")
    written = importlib.import_module("environment_page").text_of(page)
    assert written == page, "run: python benchmarks/environment_page.py"


def test_the_page_tells_every_argument_with_its_default() -> None:
    page = PAGE.read_text(encoding="utf-8").replace("\n", " ")
    for name, parameter in inspect.signature(warehouse_network_v0.parallel_env).parameters.items():
        default = EPISODE_DAYS if name == "episode_days" else parameter.default
        shown = f'"{default}"' if isinstance(default, str) else f"{default}"
        assert f"{name}={shown}" in page


@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
def test_columns_cover_a_vector_without_gaps_and_each_has_a_meaning(network: str) -> None:
    env = warehouse_network_v0.parallel_env(network, skus=2)
    for index in range(len(env.possible_agents)):
        columns = observation_columns(env.batched.observation, index)
        places = [place for each in columns for place in range(each.first, each.last + 1)]
        assert places == list(range(env.batched.observation.width))
        assert all(each.meaning for each in columns)
