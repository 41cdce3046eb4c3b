"""A bound on lost sales: what keeps it, how its multiplier ascends, and that training comes to keep it."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.evaluation.validation import Validation, ValidationFigures
from entrepot.training.events import nobody
from entrepot.training.experiment import compose_experiment
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.lost_sales import BROKEN_USD_PER_DAY, Kept, LostSalesBound, Multiplier
from entrepot.training.pathwise.method import PathwiseMethod
from entrepot.training.pathwise.settings import BEST_RULE, PathwiseSettings
from entrepot.training.trainers.checkpoints import Progress
from entrepot.training.trainers.job import Job, RuleInValidation
from entrepot.training.trainers.loop import Iteration, Loop
from tests.worlds.runs import tiny_experiment


def figures(lost: list[float], *, cost: float = 100.0) -> ValidationFigures:
    empty = torch.zeros(0)
    asked = torch.full((len(lost),), 10.0, dtype=torch.float64)
    units = torch.tensor(lost, dtype=torch.float64)
    return ValidationFigures({"cost_usd_per_day": cost}, {}, units, asked, empty, empty, empty)


def bound(share: float) -> LostSalesBound:
    found = LostSalesBound.of(PathwiseSettings(lost_sales=share), None)
    assert found is not None
    return found


def test_a_share_is_kept_only_if_the_whole_interval_is_within_it() -> None:
    assert bound(0.1).kept_by(figures([0.5, 1.2, 0.7, 0.9])).ratio == pytest.approx(0.825)
    assert not bound(0.1).kept_by(figures([0.5, 1.2, 0.7, 0.9])).holds
    assert bound(0.1).kept_by(figures([0.5, 0.9, 0.7, 0.9])).holds


def test_against_a_rule_episodes_are_paired() -> None:
    rule = RuleInValidation("s_S", torch.tensor([1.0, 4.0, 2.0, 8.0], dtype=torch.float64))
    found = LostSalesBound.of(PathwiseSettings(lost_sales=BEST_RULE), rule)
    assert found is not None
    kept = found.kept_by(figures([0.9, 3.6, 1.8, 7.2]))
    assert (kept.low, kept.high) == pytest.approx((0.9, 0.9))
    assert kept.holds
    assert not found.kept_by(figures([1.1, 4.1, 2.1, 8.1])).holds


def test_where_nothing_may_be_lost_only_nothing_lost_keeps_it() -> None:
    assert bound(0.0).kept_by(figures([0.0, 0.0])).holds
    assert not bound(0.0).kept_by(figures([0.0, 0.1])).holds


def test_where_hardly_an_episode_allows_any_nothing_counts_as_kept_but_nothing_lost() -> None:
    rule = RuleInValidation("s_S", torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64))
    found = LostSalesBound.of(PathwiseSettings(lost_sales=BEST_RULE), rule)
    assert found is not None
    few, more = figures([0.0, 0.0, 0.0, 0.5]), figures([1.0, 0.0, 0.0, 1.0])
    assert not found.kept_by(few).holds
    assert found.kept_by(figures([0.0, 0.0, 0.0, 0.0])).holds
    assert BROKEN_USD_PER_DAY <= found.score(few) < found.score(more)
    multiplier = Multiplier(rate=2.0)
    multiplier.ascend(found.kept_by(few))
    assert multiplier.value == pytest.approx(2.0)


def test_the_cheapest_of_those_that_keep_the_bound_scores_best_and_the_nearest_of_the_others() -> None:
    kept, dearer = figures([0.1, 0.2], cost=90.0), figures([0.1, 0.1], cost=95.0)
    near, far = figures([1.0, 1.3], cost=10.0), figures([5.0, 5.0], cost=1.0)
    scores = [bound(0.1).score(found) for found in (kept, dearer, near, far)]
    assert scores == sorted(scores)
    assert "kept by no checkpoint" in bound(0.1).told_of(scores[2])
    assert "1.300 times" in bound(0.1).told_of(scores[2])
    assert "the cheapest is the run's policy" in bound(0.1).told_of(scores[0])


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=20))
def test_a_multiplier_is_never_negative_and_rises_exactly_where_the_bound_is_broken(ends: list[float]) -> None:
    multiplier = Multiplier(rate=2.0)
    for high in ends:
        before = multiplier.value
        multiplier.ascend(Kept(high, high, high))
        assert multiplier.value >= 0
        assert (multiplier.value > before) == (2.0 * (high - 1.0) + before > before)


@pytest.mark.parametrize("value", ["1.5", "-0.1", "none", "best_rule"])
def test_other_words_and_numbers_are_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="lost_sales"):
        compose_experiment([f"trainer.lost_sales={value}"])


def test_a_bound_by_a_rule_is_refused_where_nobody_tuned_the_rules() -> None:
    with pytest.raises(ConfigurationError, match="allowed here: free, or a share"):
        LostSalesBound.of(PathwiseSettings(lost_sales=BEST_RULE), None)


class Watched(PathwiseMethod):
    """Whose multipliers are looked at."""

    def __init__(self, learner: Learner, bound: LostSalesBound) -> None:
        super().__init__(learner, bound)
        self.multipliers: list[float] = []

    def iterate(self) -> Iteration:
        step = super().iterate()
        self.multipliers.append(step.scalars["training/lost_sales_multiplier"])
        return step


def test_training_comes_to_keep_a_bound_that_it_broke_untrained(world: World, tmp_path: Path) -> None:
    settings = [
        "validation.every=4",
        "validation.days=40",
        "trainer.iterations=16",
        "trainer.learning_rate=0.02",
        "trainer.lost_sales_weight=1.0",
    ]
    experiment = tiny_experiment(tmp_path, *settings)
    cover = 0.5 * world.attributes.base_cover_days
    world = world.starting_from(cover)
    learner = Learner(experiment, PathwiseSettings.of(experiment.trainer), world)
    with torch.no_grad():
        untrained = Validation(experiment, world).run(learner.module, cover)
    # The same of every episode: of so few of them some may lose nothing, and then there is no interval.
    lost = untrained.lost_units_per_day
    rule = RuleInValidation("rule", torch.full_like(lost, 0.5 * float(lost.mean())))
    wanted = LostSalesBound("no more than rule", None, rule)
    assert not wanted.kept_by(untrained).holds
    method = Watched(learner, wanted)
    job = Job(experiment, cover, None, resume=False, report=nobody)
    loop = Loop(job, world, score=wanted.score, validated=method.validated)
    done = loop.run(method, Progress())
    assert done.best_score == done.best_cost_usd_per_day
    assert max(method.multipliers) > 0 == method.multipliers[0]
    kept = torch.load(experiment.run_folder / "policy.pt", weights_only=True)
    learner.module.load_state_dict(kept["module"])
    with torch.no_grad():
        assert wanted.kept_by(Validation(experiment, world).run(learner.module, cover)).holds


def test_a_restored_learner_knows_the_price_of_a_lost_unit_and_goes_on_to_the_same_parameters(world: World) -> None:
    experiment = tiny_experiment(Path("unused"), "trainer.iterations=12", "trainer.learning_rate=0.004")
    settings = PathwiseSettings.of(experiment.trainer)
    straight, before, after = (Learner(experiment, settings, world) for _ in range(3))
    for learner in (straight, before):
        learner.multiplier.value = 3.0
    for _ in range(4):
        straight.step()
    for _ in range(2):
        before.step()
    after.restore(before.state())
    assert after.multiplier.value == 3.0
    for _ in range(2):
        after.step()
    for name, value in straight.module.state_dict().items():
        torch.testing.assert_close(after.module.state_dict()[name], value, rtol=0, atol=0)
    free = Learner(experiment, settings, world)
    for _ in range(4):
        free.step()
    dearer = straight.module.state_dict()
    assert any(not torch.equal(dearer[name], value) for name, value in free.module.state_dict().items())
