from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.shared import SharedFolder

GraphOf = Callable[[str], bytes]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SharedFolder:
    place = tmp_path_factory.getbasetemp()
    # Each of xdist's processes has a folder of its own within that of the run.
    return SharedFolder((place.parent if "PYTEST_XDIST_WORKER" in os.environ else place) / "shared")


@pytest.fixture(scope="session")
def graph_of(shared: SharedFolder) -> GraphOf:
    """The graph of `opinionated_policy` with a head: to export it takes most of a minute."""
    from entrepot.training.export import to_onnx
    from tests.agents.inference.cases import opinionated_policy

    return lambda head: shared.bytes_of(f"{head}.onnx", lambda: to_onnx(opinionated_policy(head=head)))


@pytest.fixture(scope="session")
def fixed_graph(shared: SharedFolder) -> bytes:
    """The graph of a `FixedCover` of 20 days."""
    from entrepot.training.export import to_onnx
    from tests.agents.inference.cases import FixedCover

    return shared.bytes_of("fixed_cover.onnx", lambda: to_onnx(FixedCover(20.0)))
