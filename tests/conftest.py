from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.shared import SharedFolder

GraphOf = Callable[[str], bytes]
DEAREST = (
    "test_own_data.py",
    "training/test_two_nodes.py",
    "training/export/test_export.py",
    "conformance/test_trainers.py",
    "training/pathwise/test_trainer.py",
    "training/rllib/test_trainer.py",
    "training/test_determinism.py",
    "agents/planners/test_hindsight.py",
    "training/base_stock/test_tuning.py",
    "conformance/test_heads.py",
    "benchmarks/test_study.py",
)
"""Files that take longest come first, so that no process is left with one of them when the others are done."""

# To make a failing world small takes minutes, which only whoever mends it should spend: --hypothesis-profile=default.
settings.register_profile("unshrunk", settings.default, phases=[Phase.explicit, Phase.reuse, Phase.generate])
settings.load_profile("unshrunk")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {Path(__file__).parent / name: number for number, name in enumerate(DEAREST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SharedFolder:
    place = tmp_path_factory.getbasetemp()
    # Each of xdist's processes has a folder of its own within that of the run.
    return SharedFolder((place.parent if "PYTEST_XDIST_WORKER" in os.environ else place) / "shared")


@pytest.fixture(scope="session")
def exported(shared: SharedFolder) -> Callable[[str], tuple[bytes, ...]]:
    """The graph of a policy, by name, and what was said while it was made: to export one takes most of a minute.

    The policies are `fixed_cover`, a `FixedCover` of 20 days, and `opinionated_policy` by the name of its head.
    """
    from tests.agents.inference.cases import FixedCover, opinionated_policy
    from tests.exports import graph_of_one_in_training

    def of(name: str) -> tuple[bytes, ...]:
        policy = FixedCover(20.0) if name == "fixed_cover" else opinionated_policy(head=name)
        return graph_of_one_in_training(policy)

    return lambda name: shared.files_of(name, lambda: of(name))


@pytest.fixture(scope="session")
def graph_of(exported: Callable[[str], tuple[bytes, ...]]) -> GraphOf:
    """The graph of an exported policy, by name."""
    return lambda name: exported(name)[0]


@pytest.fixture(scope="session")
def fixed_graph(graph_of: GraphOf) -> bytes:
    """The graph of a `FixedCover` of 20 days."""
    return graph_of("fixed_cover")


@pytest.fixture(scope="session")
def _ray() -> Iterator[Callable[[], None]]:
    """Starts a local Ray unless there is one, which all tests of this process then use: to start one takes seconds."""
    import ray

    def start() -> None:
        if not ray.is_initialized():
            ray.init(
                address="local", num_cpus=6, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
            )

    yield start
    ray.shutdown()


@pytest.fixture(scope="module")
def cluster(_ray: Callable[[], None]) -> None:
    """A local Ray for those tests that train; a run uses the one it finds."""
    _ray()
