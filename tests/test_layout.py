"""The house: real folders at the top, one import name, and data that travels with the package."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

import entrepot
from entrepot.envs import warehouse_network_v0

ROOT = Path(__file__).parents[1]
FOLDERS = ("agents", "checkpoints", "command_line", "configs", "envs", "scheduler", "training")
DATA = {".yaml", ".onnx", ".json", ".npz"}


@pytest.mark.parametrize("name", FOLDERS)
def test_the_import_name_leads_to_the_folder_at_the_top(name: str) -> None:
    link = ROOT / "src" / "entrepot" / name
    assert link.is_symlink()
    assert not link.readlink().is_absolute()
    assert link.resolve() == ROOT / name
    module = import_module(f"entrepot.{name}")
    assert module.__file__ is not None
    assert Path(module.__file__).resolve() == ROOT / name / "__init__.py"


def test_the_package_is_typed_and_has_a_version() -> None:
    assert files("entrepot").joinpath("py.typed").is_file()
    assert entrepot.__version__[0].isdigit()


def test_every_folder_of_code_or_data_is_a_package() -> None:
    found = {
        path.parent
        for name in ("agents", "command_line", "configs", "envs", "scheduler", "training")
        for path in (ROOT / name).rglob("*")
        if path.suffix in DATA | {".py"}
    }
    assert [folder for folder in sorted(found) if not (folder / "__init__.py").is_file()] == []


def test_a_released_module_holds_its_own_files_only() -> None:
    modules = list((ROOT / "checkpoints" / "released").glob("*/*/"))
    strangers = [path for module in modules for path in module.iterdir() if path.suffix not in DATA]
    assert strangers == []


@pytest.mark.parametrize("path", ["network/kreen.yaml", "network/two_warehouses.yaml", "experiment.yaml"])
def test_resources_are_found_through_the_import_name(path: str) -> None:
    assert files("entrepot.configs").joinpath(path).is_file()


def test_the_environment_has_the_face_that_pettingzoo_knows() -> None:
    assert sorted(warehouse_network_v0.__all__) == ["env", "parallel_env", "raw_env"]
    for name in warehouse_network_v0.__all__:
        assert callable(getattr(warehouse_network_v0, name))
