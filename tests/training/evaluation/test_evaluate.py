import numpy as np

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralPolicy
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock, MinMax
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import ScenarioSolver, evaluate
from entrepot.training.experiment import EvaluationSettings

SETTINGS = EvaluationSettings(episodes=4, days=20, warm_up_days=5, seed=2)


def test_a_policy_against_itself_has_ratio_one(world: World) -> None:
    judged = evaluate(world, {"a": MinMax(world.attributes), "b": MinMax(world.attributes)}, SETTINGS)
    (pair,) = judged.paired()
    assert (pair["policy"], pair["baseline"]) == ("b", "a")
    assert [pair[f"settled_cost_ratio{end}"] for end in ("", "_low", "_high")] == [1.0, 1.0, 1.0]


def test_the_same_seed_gives_the_same_figures_however_many_episodes_run_at_once(
    world: World,
) -> None:
    whole = evaluate(world, {"a": MinMax(world.attributes)}, SETTINGS).by_episode["a"]
    again = evaluate(world, {"a": MinMax(world.attributes)}, SETTINGS).by_episode["a"]
    parts = evaluate(world, {"a": MinMax(world.attributes)}, SETTINGS, episodes_at_once=3).by_episode["a"]
    for key, values in whole.items():
        np.testing.assert_array_equal(values, again[key])
        np.testing.assert_allclose(values, parts[key], rtol=1e-4)


def test_policies_are_told_against_the_best_rule_and_what_is_learnt_against_untrained(world: World) -> None:
    cover = world.attributes.base_cover_days
    policies: dict[str, Policy | ScenarioSolver] = {
        "nothing": BaseStock.midway(world.attributes, 0 * cover),
        "textbook": BaseStock.midway(world.attributes, cover),
        "untrained": ModuleAgent(NeuralPolicy(), world.attributes),
        "trained": ModuleAgent(NeuralPolicy(), world.attributes),
    }
    judged = evaluate(world, policies, SETTINGS.model_copy(update={"days": 60}))
    cost = {row["policy"]: row["settled_cost_usd_per_day"] for row in judged.rows()}
    assert judged.rules == ("nothing", "textbook")
    assert judged.best_rule == min(judged.rules, key=cost.__getitem__)
    best, other = judged.best_rule, ({*judged.rules} - {judged.best_rule}).pop()
    assert [(pair["policy"], pair["baseline"]) for pair in judged.told_pairs()] == [
        (other, best),
        ("untrained", best),
        ("trained", best),
        ("trained", "untrained"),
    ]
    assert judged.told_pairs()[-1]["settled_cost_ratio"] == 1.0


def test_where_there_is_no_rule_all_pairs_are_told(world: World) -> None:
    modules = {name: ModuleAgent(NeuralPolicy(), world.attributes) for name in ("one", "two")}
    judged = evaluate(world, modules, SETTINGS)
    assert judged.best_rule is None
    assert [(pair["policy"], pair["baseline"]) for pair in judged.told_pairs()] == [("two", "one")]
