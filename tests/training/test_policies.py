from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from entrepot.agents.exported import ExportedPolicy
from entrepot.agents.module_agent import ModuleAgent
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import Tuning, tuned_base_stock
from entrepot.training.experiment import BaseStockSettings
from entrepot.training.policies import build_policies
from tests.agents.inference.cases import Case, FixedCover, export_case
from tests.worlds.runs import WINDOWS, untrained_run


@pytest.fixture
def run(world: World, tmp_path: Path) -> Path:
    return untrained_run(world, tmp_path)


def test_an_unknown_name_is_told_what_is_allowed(world: World) -> None:
    with pytest.raises(ConfigurationError, match=r"'nobody'.*base_stock, hindsight, hindsight_joint, min_max, mpc"):
        build_policies(["nobody"], world, Tuning())


def test_a_name_that_stands_twice_is_refused(world: World) -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        build_policies(["min_max", "min_max"], world, Tuning())


def test_a_runs_folder_is_a_policy_under_its_own_name(world: World, run: Path) -> None:
    assert list(build_policies(["min_max", str(run)], world, Tuning())) == ["min_max", "tiny"]


@pytest.fixture(scope="module", params=["run", "module"])
def learned(
    request: pytest.FixtureRequest, world: World, fixed_graph: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run's folder, or that of a module; every cover of its own is a day."""
    place = tmp_path_factory.mktemp("learned")
    if request.param == "run":
        return untrained_run(world, place)
    case = Case.of(world.description, demand=world.demand.mean_units_per_day)
    return export_case(case, place, FixedCover(20.0), graph=fixed_graph, base_cover_days=np.ones((3, 4)))


def label_of(learned: Path) -> str:
    """A run by its name, a module by its name and version."""
    return learned.name if (learned / "policy.pt").is_file() else f"{learned.parent.name}/{learned.name}"


def cover_of(policy: object) -> torch.Tensor:
    if isinstance(policy, ModuleAgent):
        return policy.attributes.base_cover_days
    assert isinstance(policy, ExportedPolicy)
    return torch.as_tensor(policy.network["base_cover_days"])


def brief(folder: Path) -> Tuning:
    return Tuning(settings=BaseStockSettings(iterations=1), windows=WINDOWS, folder=folder / "tuned")


def test_a_learned_policy_keeps_its_own_covers_on_the_demand_it_learnt_on(
    world: World, learned: Path, tmp_path: Path
) -> None:
    tuning = brief(tmp_path)
    policies = build_policies([str(learned)], world, tuning)
    assert torch.equal(cover_of(policies[label_of(learned)]), torch.ones(3, 4))
    assert "its own covers" in tuning.budgets[label_of(learned)]
    assert not (tmp_path / "tuned").exists()


def test_a_learned_policy_shares_the_covers_of_base_stock_on_any_other_demand(learned: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    every = {"distribution": "poisson", "mean": 9.0}
    elsewhere.write_text(yaml.safe_dump({"kind": "stationary", "every_market": every}))
    other = build_world("two_warehouses", DemandSettings(name=str(elsewhere)))
    tuning = brief(tmp_path)
    policies = build_policies([str(learned), "base_stock"], other, tuning)
    torch.testing.assert_close(cover_of(policies[label_of(learned)]), tuned_base_stock(other, tuning).cover)
    assert tuning.budgets[label_of(learned)].endswith(f"another network or demand: {tuning.budgets['base_stock']}")
    assert len(list((tmp_path / "tuned").iterdir())) == 1
