import numpy as np
import pytest

from entrepot.agents.rules import MinMax
from entrepot.envs.world import World
from entrepot.training.evaluation import evaluate as evaluation
from entrepot.training.evaluation.evaluate import evaluate, mean_interval, ratio_interval
from entrepot.training.experiment import EvaluationSettings

SETTINGS = EvaluationSettings(episodes=4, days=20, warm_up_days=5, seed=2)


def test_a_ratio_that_is_the_same_in_every_episode_has_no_width() -> None:
    theirs = np.array([1.0, 5.0, 9.0])
    assert ratio_interval(0.9 * theirs, theirs) == pytest.approx((0.9, 0.9, 0.9))


def test_a_ratio_is_that_of_the_means_and_its_interval_is_made_of_whole_episodes() -> None:
    ratio, low, high = ratio_interval(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    assert (ratio, low, high) == pytest.approx((1.0, 0.5, 1.5))


def test_a_mean_of_two_episodes_lies_between_them() -> None:
    assert mean_interval(np.array([1.0, 3.0])) == pytest.approx((1.0, 3.0))


def test_a_policy_against_itself_has_ratio_one(world: World) -> None:
    judged = evaluate(world, {"a": MinMax(world.attributes), "b": MinMax(world.attributes)}, SETTINGS)
    (pair,) = judged.paired()
    assert (pair["policy"], pair["baseline"]) == ("b", "a")
    assert [pair[key] for key in ("cost_ratio", "cost_ratio_low", "cost_ratio_high")] == [1.0, 1.0, 1.0]


def test_the_same_seed_gives_the_same_figures_however_many_episodes_run_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate(world, {"a": MinMax(world.attributes)}, SETTINGS).by_episode["a"]
    again = evaluate(world, {"a": MinMax(world.attributes)}, SETTINGS).by_episode["a"]
    monkeypatch.setattr(evaluation, "EPISODES_AT_ONCE", 3)
    parts = evaluate(world, {"a": MinMax(world.attributes)}, SETTINGS).by_episode["a"]
    for key, values in whole.items():
        np.testing.assert_array_equal(values, again[key])
        np.testing.assert_allclose(values, parts[key], rtol=1e-4)
