"""Two Ray nodes on one machine: training spreads over both, and outlives the loss of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from entrepot.training.events import Event
from tests.worlds.runs import small_experiment, tiny_experiment, train

pytestmark = pytest.mark.slow
ITERATIONS = 8


class TwoNodes:
    """A head and a second node with a CPU each."""

    def __init__(self) -> None:
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.second = self.cluster.add_node(num_cpus=1)

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def replace_second(self) -> None:
        """Lose a node without warning; another one comes."""
        self.cluster.remove_node(self.second, allow_graceful=False)
        self.second = self.cluster.add_node(num_cpus=1)


@pytest.fixture(scope="module")
def nodes() -> Iterator[TwoNodes]:
    """The same for all trainers, as a node takes its time to start; a run connects to it, and leaves it as it ends."""
    ray.shutdown()  # of what other tests use
    two = TwoNodes()
    yield two
    ray.shutdown()
    two.cluster.shutdown()  # type: ignore[no-untyped-call]


def used_nodes() -> set[str]:
    """Nodes on which workers live that take a CPU."""
    from ray._private import state

    names = ("RayTrainWorker", "EnvRunner")
    actors = state.actors().values()
    return {
        actor["Address"]["NodeID"]
        for actor in actors
        if actor["State"] == "ALIVE" and any(name in actor["ActorClassName"] for name in names)
    }


@pytest.mark.parametrize("trainer", ["pathwise", "ippo"])
def test_a_node_lost_in_mid_run_is_made_up_for_and_every_iteration_is_done(
    tmp_path: Path, nodes: TwoNodes, trainer: str
) -> None:
    overrides = [f"compute.address={nodes.address}", "compute.workers=2", f"trainer.iterations={ITERATIONS}"]
    if trainer == "pathwise":
        experiment = tiny_experiment(tmp_path, *overrides)
    else:
        experiment = small_experiment(tmp_path, trainer, "trainer.actor=mlp", *overrides)
    used: list[set[str]] = []
    assert not ray.is_initialized()

    def lose_a_node(event: Event) -> None:
        if not used and event.done > experiment.validation.every:
            used.append(used_nodes())
            nodes.replace_second()

    outcome, seen = train(experiment, report=lose_a_node)
    assert len(used[0]) == 2
    assert outcome.iterations == ITERATIONS
    assert set(seen) == set(range(1, ITERATIONS + 1))
