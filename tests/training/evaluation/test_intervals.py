import numpy as np
import pytest

from entrepot.training.evaluation.intervals import mean_interval, ratio_interval


def test_a_ratio_that_is_the_same_in_every_episode_has_no_width() -> None:
    theirs = np.array([1.0, 5.0, 9.0])
    assert ratio_interval(0.9 * theirs, theirs) == pytest.approx((0.9, 0.9, 0.9))


def test_a_ratio_is_that_of_the_means_and_its_interval_is_made_of_whole_episodes() -> None:
    ratio, low, high = ratio_interval(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    assert (ratio, low, high) == pytest.approx((1.0, 0.5, 1.5))


def test_a_mean_of_two_episodes_lies_between_them() -> None:
    assert mean_interval(np.array([1.0, 3.0])) == pytest.approx((1.0, 3.0))


def test_a_ratio_to_what_is_hardly_ever_there_has_no_interval_and_to_nothing_no_value() -> None:
    ratio, low, high = ratio_interval(np.array([1.0, 1.0, 1.0]), np.array([0.0, 0.0, 3.0]))
    assert ratio == pytest.approx(1.0)
    assert np.isnan([low, high]).all()
    assert np.isnan(ratio_interval(np.ones(3), np.zeros(3))).all()
