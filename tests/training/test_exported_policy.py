"""A module stands in an evaluation like any policy, and says how often it was not the policy that decided."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from entrepot.agents.inference import InferenceModule
from entrepot.training.evaluation import Accountable
from entrepot.training.experiment import World
from entrepot.training.exported_policy import ExportedPolicy
from tests.training.tiny import first_snapshot


class FallsBackOnce(InferenceModule):
    """Orders nothing; the first of its rows is the fallback's."""

    def __init__(self) -> None:
        pass

    def decide(self, snapshot: Any, network: Any = None, **more: Any) -> Any:
        rows = len(snapshot["on_hand"])
        orders = np.zeros((rows, *network["base_cover_days"].shape), np.float32)
        return SimpleNamespace(source=("fallback", *["policy"] * (rows - 1)), raw_orders=orders)


def test_a_modules_effort_says_how_many_decisions_its_fallback_took(world: World) -> None:
    policy = ExportedPolicy(FallsBackOnce(), world.attributes)
    assert isinstance(policy, Accountable)
    for _ in range(2):
        policy.orders(first_snapshot(world, episodes=600))
    assert policy.effort == "2 of 1,200 decisions by the fallback"
