"""A module stands in an evaluation like any policy, and says how often it was not the policy that decided."""

from dataclasses import replace

from entrepot.agents.exported import ExportedPolicy
from entrepot.agents.inference import load
from entrepot.training.evaluation.evaluate import Accountable
from entrepot.training.policies import released_folder
from tests.worlds.tiny import first_snapshot, tiny_world


def test_a_modules_effort_says_how_many_decisions_its_fallback_took() -> None:
    world = tiny_world("kreen")
    policy = ExportedPolicy(load(released_folder() / "kreen-pathwise"), world.attributes)
    assert isinstance(policy, Accountable)
    snapshot = first_snapshot(world, episodes=600)
    unknown = snapshot.season_ahead.expand(600, -1).clone()
    unknown[0, 0] = float("nan")  # a season that isn't known sends its row to the fallback
    for _ in range(2):
        policy.decide(replace(snapshot, season_ahead=unknown))
    assert policy.effort == "2 of 1,200 decisions by the fallback"
