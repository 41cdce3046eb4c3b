"""Modules that decide when equipment is maintained, and those that don't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from entrepot.agents.exported import ExportedPolicy
from entrepot.agents.inference import InferenceModule, ModuleRefused, load
from entrepot.agents.inference import module as module_file
from entrepot.agents.inference.manifest import FORMAT, WITH_MAINTENANCE
from entrepot.agents.maintenance import MaintainingPolicy, MaintenanceHead
from entrepot.agents.recorded import decide_from_records
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network import load_network
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Lived
from entrepot.envs.snapshot import Records
from entrepot.envs.world import World
from entrepot.training.export.graph import PolicyGraph, as_tensors, inputs_of
from tests.agents.inference.cases import (
    Arrays,
    Case,
    FixedCover,
    copy_of,
    decided,
    export_case,
    reseal,
    snapshot_for,
    two_warehouses,
    with_value,
)
from tests.poisson_demand import PoissonDemand
from tests.worlds.tiny import tiny_scenario
from tests.worlds.worn import worn

UNITS = ("hub/lifts/1", "hub/lifts/2", "shop/pickers/1", "shop/pickers/2", "shop/pickers/3")


def policy_of_any_weights() -> MaintainingPolicy:
    torch.manual_seed(0)
    head = MaintenanceHead()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
        head.last.bias.fill_(0.5)  # rather early than late, so that days in the twin see some
    return MaintainingPolicy(FixedCover(20.0), head)


def seen_by(case: Case, rows: int = 8) -> Arrays:
    """Up to 8 snapshots within the envelope, with units of every age, of which some are being mended."""
    rng = np.random.default_rng(0)
    age = rng.uniform(0, 60, (8, len(UNITS))).astype(np.float32)
    down = (rng.uniform(0, 9, age.shape) * (rng.random(age.shape) < 0.3)).astype(np.float32)
    snapshots = {**snapshot_for(case, rows=8, seed=0), "unit_age_hours": age, "unit_down_hours": down}
    return {name: values[:rows].copy() for name, values in snapshots.items()}


@pytest.fixture(scope="module")
def case() -> Case:
    return Case.of(worn())


@pytest.fixture(scope="module")
def folder(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("modules")
    return export_case(case, place, policy_of_any_weights(), golden=seen_by(case, 3), network_name="worn")


@pytest.fixture(scope="module")
def module(folder: Path) -> InferenceModule:
    return load(folder)


def by_torch(module: InferenceModule, snapshot: Arrays) -> NDArray[np.bool_]:
    policy = policy_of_any_weights().eval()
    of_snapshot, of_network = inputs_of(policy)
    with torch.no_grad():
        network = {name: values.copy() for name, values in module.network.items()}
        answers = PolicyGraph(policy)(as_tensors(snapshot, of_snapshot), as_tensors(network, of_network))
    found: NDArray[np.bool_] = answers["maintenance"].numpy() >= 0.5
    return found & (snapshot["unit_down_hours"] <= 0)


def test_units_are_maintained_as_torch_has_it_but_for_those_that_are_being_mended(
    module: InferenceModule, case: Case
) -> None:
    snapshot = seen_by(case)
    decision = decided(module, snapshot)
    assert decision.maintenance is not None
    assert set(decision.source) == {"policy"}
    np.testing.assert_array_equal(decision.maintenance, by_torch(module, snapshot))
    assert decision.maintenance.any()
    assert not decision.maintenance.all()
    assert decision.units == UNITS
    first = tuple(name for name, due in zip(UNITS, decision.maintenance[0], strict=True) if due)
    assert decision.maintain(0) == first


def test_the_manifest_says_whether_a_module_decides_maintenance(folder: Path, module: InferenceModule) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    assert content["format"] == WITH_MAINTENANCE
    assert content["names"]["units"] == list(UNITS)
    assert content["outputs"]["maintenance"]["axes"] == ["B", "U"]
    assert module.manifest.outputs["maintenance"].role == "decision"


def test_a_module_that_decides_no_maintenance_is_as_it_was(tmp_path: Path, case: Case, fixed_graph: bytes) -> None:
    plain = load(export_case(case, tmp_path, FixedCover(20.0), graph=fixed_graph))
    assert json.loads((next((tmp_path / "kreen-test").iterdir()) / "manifest.json").read_text())["format"] == FORMAT
    decision = decided(plain, seen_by(case, 2))
    assert decision.maintenance is None
    assert decision.units == ()
    assert decision.maintain() == ()


@pytest.mark.parametrize("name", ["unit_age_hours", "unit_down_hours"])
def test_without_hours_of_units_orders_are_decided_all_the_same_and_nothing_is_maintained(
    module: InferenceModule, case: Case, name: str
) -> None:
    snapshot = seen_by(case, 3)
    whole, without = decided(module, snapshot), decided(module, {k: v for k, v in snapshot.items() if k != name})
    np.testing.assert_array_equal(without.orders, whole.orders)
    assert set(without.source) == {"policy"}
    assert without.maintenance is not None
    assert not without.maintenance.any()
    assert f"schema: {name}: missing; [B, U] hours is required" in without.explain()


def test_a_unit_whose_hours_are_no_number_is_left_alone_and_named(module: InferenceModule, case: Case) -> None:
    snapshot = seen_by(case, 1)
    snapshot["unit_age_hours"][:], snapshot["unit_down_hours"][:] = 300.0, 0.0
    decision = decided(module, with_value(snapshot, "unit_age_hours", (0, 3), np.nan))
    whole = decided(module, snapshot)
    assert decision.maintenance is not None
    assert whole.maintenance is not None
    assert whole.maintenance.all()
    assert decision.maintenance[0].tolist() == [True, True, True, False, True]
    np.testing.assert_array_equal(decision.orders, whole.orders)
    assert "values: unit_age_hours: nan at shop/pickers/2; 0 to 1e+12 hours is allowed" in decision.explain()


def test_the_fallback_maintains_at_the_age_of_least_cost_and_nothing_is_maintained_where_a_row_is_held(
    module: InferenceModule, case: Case
) -> None:
    snapshot = seen_by(case, 6)
    old, unknown = 1.5 * module.manifest.maximum_age_seconds, np.nan
    decision = decided(module, snapshot, age_seconds=np.array([1.0, old, old, old, unknown, unknown]))
    assert decision.maintenance is not None
    best, works = module.network["unit_best_age_hours"], snapshot["unit_down_hours"] <= 0
    assert decision.source[1:] == ("fallback",) * 5
    np.testing.assert_array_equal(decision.maintenance[0], by_torch(module, snapshot)[0])
    np.testing.assert_array_equal(decision.maintenance[1:4], ((snapshot["unit_age_hours"] >= best) & works)[1:4])
    assert not decision.maintenance[4:].any()


def test_units_of_a_node_whose_figures_are_too_old_are_left_alone(module: InferenceModule, case: Case) -> None:
    snapshot = seen_by(case, 1)
    snapshot["unit_age_hours"][:], snapshot["unit_down_hours"][:] = 300.0, 0.0
    age = np.array([[1.0, 1.5 * module.manifest.maximum_age_seconds]])
    decision = decided(module, snapshot, age_seconds=age)
    assert decision.maintain() == UNITS[:2]


def test_a_batch_in_pieces_is_decided_as_a_whole(
    module: InferenceModule, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = seen_by(case)
    whole = decided(module, snapshot)
    monkeypatch.setattr(module_file, "CHUNK_VALUES", 1)
    pieces = decided(module, snapshot)
    assert whole.maintenance is not None
    assert pieces.maintenance is not None
    assert whole.raw_maintenance is not None
    assert pieces.raw_maintenance is not None
    np.testing.assert_array_equal(pieces.maintenance, whole.maintenance)
    np.testing.assert_allclose(pieces.raw_maintenance, whole.raw_maintenance, rtol=1e-5)
    assert pieces.units == whole.units


def test_a_network_without_units_is_refused_with_the_reason(module: InferenceModule, case: Case) -> None:
    decision = decided(module, seen_by(case, 2), two_warehouses().attributes)
    assert not decision.orders.any()
    assert decision.maintenance is not None
    assert not decision.maintenance.any()
    assert "unit_node: missing" in decision.explain()


def test_of_records_that_tell_of_no_hours_orders_are_decided_and_nothing_is_maintained(module: InferenceModule) -> None:
    example = Path(__file__).parents[3] / "examples" / "my_network"
    files: dict[str, Any] = {name: example / f"{name}.csv" for name in ("stock", "sales", "shipments", "orders")}
    records = Records(**files)
    network = load_network(str(example / "my_network.yaml"))
    decision = decide_from_records(module, network, records, "2026-11-25").decision
    assert "missing; [U]" not in decision.explain()
    assert decision.raw_orders.any()
    assert decision.maintenance is not None
    assert not decision.maintenance.any()


@pytest.mark.parametrize("part", ["outputs", "names", "format"])
def test_a_manifest_that_contradicts_itself_is_refused(folder: Path, tmp_path: Path, part: str) -> None:
    def change(content: dict[str, Any]) -> None:
        if part == "outputs":
            del content["outputs"]["maintenance"]
        elif part == "names":
            content["names"]["units"] = content["names"]["units"][:-1]
        else:
            content["format"] = FORMAT

    copy = copy_of(folder, tmp_path)
    reseal(copy, change)
    with pytest.raises(ModuleRefused, match=r"manifest.json: (outputs.maintenance|names.units|names)"):
        load(copy)


def test_the_twin_lives_through_what_a_module_decides(module: InferenceModule) -> None:
    described = worn()
    world = World.of(described, PoissonDemand.of(described))
    simulation, policy = world.simulation(), ExportedPolicy(module, world.attributes)
    maintained = 0.0

    def watch(lived: Lived) -> None:
        nonlocal maintained
        assert lived.flows.equipment is not None
        assert lived.decisions.maintenance is not None
        wanted = (lived.decisions.maintenance >= 0.5).float()
        assert (lived.flows.equipment.maintenances <= wanted).all()
        maintained += float(lived.flows.equipment.maintenances.sum())

    opening = stocked(simulation, episodes=2)
    simulation.run(opening, tiny_scenario(world, episodes=2, days=10), policy.decide, reads=policy.reads, watch=watch)
    assert maintained > 0
    assert policy.fallbacks == 0


def test_a_module_that_maintains_is_refused_where_nothing_wears(module: InferenceModule) -> None:
    plain = worn().model_copy(update={"inside": None})
    world = World.of(plain, PoissonDemand.of(plain))
    with pytest.raises(ConfigurationError, match="decides maintenance, and no equipment of this network wears"):
        ExportedPolicy(module, world.attributes)
