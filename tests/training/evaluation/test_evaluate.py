import numpy as np

from entrepot.agents.rules import MinMax
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import evaluate
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
