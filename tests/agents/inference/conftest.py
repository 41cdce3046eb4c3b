from __future__ import annotations

from pathlib import Path

import pytest

from entrepot.agents.inference import InferenceModule, load
from tests.agents.inference.cases import Case, export_case, kreen, opinionated_policy
from tests.conftest import GraphOf


@pytest.fixture(scope="session")
def case() -> Case:
    return kreen()


@pytest.fixture(scope="session")
def folder(case: Case, graph_of: GraphOf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module that nobody may alter; take a copy."""
    return export_case(case, tmp_path_factory.mktemp("modules"), opinionated_policy(), graph=graph_of("cover"))


@pytest.fixture
def module(folder: Path) -> InferenceModule:
    return load(folder)
