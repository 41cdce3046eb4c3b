"""Export: one graph for every network, the same answers as torch, a folder that is whole or not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from entrepot.agents.inference import ModuleRefused, load
from entrepot.agents.inference.decision import EXPLANATIONS
from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split, load_demand
from entrepot.envs.observe.arrays import snapshot_arrays
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Simulation
from entrepot.envs.snapshot.schema import NETWORK_FIELDS, SNAPSHOT_FIELDS
from entrepot.envs.twin import TwinParameters, draw_scenario
from entrepot.training.export import PolicyGraph, SnapshotRecorder
from entrepot.training.export.folder import next_version
from entrepot.training.export.graph import as_tensors
from entrepot.training.rollout import roll_out
from tests.agents.inference.cases import (
    Arrays,
    Case,
    FixedCover,
    export_case,
    kreen,
    larger_kreen,
    one_of_everything,
    opinionated_policy,
    snapshot_for,
    two_warehouses,
)
from tests.conftest import GraphOf

NETWORKS: list[Callable[[], Case]] = [kreen, lambda: kreen(1), larger_kreen, two_warehouses, one_of_everything]
RELATIVE = 1e-4
UNITS = 0.002
"""Where a target and a position of thousands of units cancel, float32 leaves this much."""


class Session:
    """A graph in ONNX Runtime."""

    def __init__(self, graph: bytes) -> None:
        self._session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def orders(self, case: Case, snapshot: Arrays) -> Any:
        inputs = {**as_tensors(snapshot, SNAPSHOT_FIELDS), **as_tensors(case.attributes, NETWORK_FIELDS)}
        return self._session.run(["orders"], {name: value.numpy() for name, value in inputs.items()})[0]


@pytest.fixture(scope="module")
def policy() -> NeuralPolicy:
    return opinionated_policy()


@pytest.fixture(scope="module")
def graph(graph_of: GraphOf) -> bytes:
    return graph_of("cover")


@pytest.fixture(scope="module")
def session(graph: bytes) -> Session:
    return Session(graph)


def torch_orders(policy: nn.Module, case: Case, snapshot: Arrays) -> Any:
    with torch.no_grad():
        inputs = as_tensors(snapshot, SNAPSHOT_FIELDS), as_tensors(case.attributes, NETWORK_FIELDS)
        return PolicyGraph(policy)(*inputs)["orders"].numpy()


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("rows", [1, 5])
def test_torch_and_onnx_agree_on_random_snapshots_of_any_network(
    policy: NeuralPolicy, session: Session, make: Callable[[], Case], rows: int
) -> None:
    case = make()
    ordered = 0.0
    for seed in range(8):
        snapshot = snapshot_for(case, rows=rows, seed=seed)
        expected = torch_orders(policy, case, snapshot)
        orders = session.orders(case, snapshot)
        assert orders.shape == (rows, len(case.network.lanes), len(case.network.skus))
        np.testing.assert_allclose(orders, expected, rtol=RELATIVE, atol=UNITS)
        ordered += float(orders.sum())
    assert ordered > 0 or rows == 1


def test_the_graph_takes_exactly_the_fields_of_the_seam_and_every_dimension_bears_its_name(graph: bytes) -> None:
    model = onnx.load_from_string(graph)
    found = {
        value.name: tuple(axis.dim_param for axis in value.type.tensor_type.shape.dim) for value in model.graph.input
    }
    assert found == {name: field.axes for name, field in {**SNAPSHOT_FIELDS, **NETWORK_FIELDS}.items()}
    assert [output.name for output in model.graph.output] == ["orders", *EXPLANATIONS]
    for output in model.graph.output:
        assert [axis.dim_param for axis in output.type.tensor_type.shape.dim] == ["B", "L", "S"]


def test_the_graph_tells_nothing_of_the_machine_it_was_made_on(graph: bytes) -> None:
    assert b"site-packages" not in graph
    assert str(Path(__file__).parents[3]).encode() not in graph


@pytest.mark.parametrize("name", ["fixed_cover", "cover"])
def test_exporting_says_nothing_and_leaves_the_policy_as_it_was(
    name: str, exported: Callable[[str], tuple[bytes, ...]]
) -> None:
    _, said = exported(name)
    assert said == b""


def test_snapshots_of_the_twin_decide_the_same_through_the_graph(policy: NeuralPolicy, session: Session) -> None:
    case = kreen(4)
    demand = load_demand("calibrated", case.network)
    parameters = TwinParameters.from_arrays(case.network)
    attributes = NetworkAttributes.from_arrays(case.network, case.demand)
    scenario = draw_scenario(case.network, demand, episodes=3, days=40, split=Split.TRAIN, seed=0)
    compared = 0

    class Comparing(SnapshotRecorder):
        def decide(self, snapshot: Snapshot) -> Decisions:
            nonlocal compared
            decisions = super().decide(snapshot)
            np.testing.assert_allclose(
                session.orders(case, snapshot_arrays(snapshot)), decisions.orders.numpy(), rtol=RELATIVE, atol=UNITS
            )
            compared += 1
            return decisions

    class Deciding:
        reads = policy.reads

        def begin(self, episodes: int) -> None:
            pass

        def decide(self, snapshot: Snapshot) -> Decisions:
            result: Decisions = policy(snapshot, attributes)
            return result

    recorder = Comparing(Deciding(), first=10, every=5)
    simulation = Simulation.of(parameters, attributes)
    roll_out(simulation, stocked(simulation, episodes=3), scenario, recorder)
    assert compared == 40
    assert len(recorder.records) == 6
    assert {tuple(record) for record in recorder.records} == {tuple(SNAPSHOT_FIELDS)}
    assert recorder.records[-1]["pipeline"].any()


def test_versions_count_up_and_none_is_ever_written_over(tmp_path: Path, fixed_graph: bytes) -> None:
    case, policy = kreen(2), FixedCover(20.0)
    metrics = [{"policy": "pathwise", "cost_usd_per_day": 10.5}]
    provenance = {"seeds": [7], "data_window": ["2009-12-01", "2011-06-01"]}
    about: dict[str, Any] = {"metrics": metrics, "provenance": provenance, "maximum_age_seconds": 900.0}
    first = export_case(case, tmp_path, policy, graph=fixed_graph, **about)
    second = export_case(case, tmp_path, policy, graph=fixed_graph)
    assert (first.name, second.name, next_version(second.parent)) == ("0001", "0002", "0003")
    before = {file.name: file.read_bytes() for file in first.iterdir()}
    with pytest.raises(FileExistsError, match="0001: exists, and a version never changes"):
        export_case(case, tmp_path, policy, graph=fixed_graph, version="0001")
    assert {file.name: file.read_bytes() for file in first.iterdir()} == before
    assert sorted(entry.name for entry in first.parent.iterdir()) == ["0001", "0002"]
    module = load(first)
    assert module.versions.module == "kreen-test/0001"
    assert module.manifest.metrics == metrics
    assert module.manifest.provenance["seeds"] == [7]
    assert module.manifest.provenance["code_version"]
    assert module.manifest.maximum_age_seconds == 900.0


@pytest.mark.parametrize("version", ["v2", ".2", "1.0", "", "../0001"])
def test_a_version_that_is_no_number_is_refused_with_what_is_allowed(tmp_path: Path, version: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"version: {version!r}; allowed: digits")):
        export_case(kreen(2), tmp_path, FixedCover(20.0), version=version)
    assert not list(tmp_path.iterdir())


def test_a_policy_that_remembers_weeks_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    policy = NeuralPolicy(NeuralPolicySettings(demand_memory="weeks"))
    with pytest.raises(ConfigurationError, match=r"policy\.demand_memory: 'weeks'; allowed for export: averages"):
        export_case(two_warehouses(), tmp_path, policy)
    assert not list(tmp_path.iterdir())


def test_a_policy_that_answers_nonsense_leaves_no_folder_behind(tmp_path: Path, fixed_graph: bytes) -> None:
    model = onnx.load_from_string(fixed_graph)
    (days,) = (value for value in model.graph.initializer if value.name == "policy.days")
    days.CopyFrom(onnx.numpy_helper.from_array(np.array(np.nan, np.float32), days.name))
    with pytest.raises(ModuleRefused, match=r"golden\.npz"):
        export_case(kreen(2), tmp_path, FixedCover(float("nan")), graph=model.SerializeToString())
    assert not list((tmp_path / "kreen-test").iterdir())


def test_the_season_and_the_openings_of_the_demand_statistics_travel_with_the_module(
    tmp_path: Path, fixed_graph: bytes
) -> None:
    case, season = kreen(2), np.linspace(0.5, 1.5, 12)
    folder = export_case(case, tmp_path, FixedCover(20.0), graph=fixed_graph, month_index=season)
    long_run = load(folder).manifest.demand
    np.testing.assert_array_equal(long_run.month_index, season)
    np.testing.assert_array_equal(long_run.demand_mean, case.demand)
    np.testing.assert_allclose(long_run.demand_square, case.demand + case.demand**2)  # of a Poisson, as none was given
