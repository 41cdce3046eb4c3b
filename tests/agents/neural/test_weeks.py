"""A policy that remembers the last 13 weeks one by one."""

from dataclasses import replace

import pytest
import torch

from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.agents.neural.features import WEEK_FEATURES, week_features
from entrepot.envs.observe.reading import EVERYTHING, Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.order_up_to import LEAST_RATE, echelon_rate
from entrepot.envs.world import World
from tests.worlds.tiny import tiny_scenario, tiny_world


def policy(memory: str) -> NeuralPolicy:
    torch.manual_seed(3)
    return NeuralPolicy(NeuralPolicySettings(head="release", demand_memory=memory))


@pytest.fixture(scope="module")
def world() -> World:
    return tiny_world()


@pytest.fixture(scope="module")
def snapshot(world: World) -> Snapshot:
    simulation = world.simulation()
    present = simulation.for_reader(stocked(simulation, episodes=3), EVERYTHING)
    shown = simulation.observe(present, tiny_scenario(world).at(0), EVERYTHING)
    return replace(shown, on_hand=torch.zeros_like(shown.on_hand))  # so that much is ordered


def answering(module: NeuralPolicy) -> NeuralPolicy:
    """As if trained a little, but for what it makes of weeks."""
    with torch.no_grad():
        generator = torch.Generator().manual_seed(5)
        module.answer.weight.copy_(0.3 * torch.randn(module.answer.weight.shape, generator=generator))
    return module


def test_it_begins_as_the_policy_that_does_not_remember_them(world: World, snapshot: Snapshot) -> None:
    without, with_weeks = (answering(policy(memory)) for memory in ("averages", "weeks"))
    assert set(with_weeks.state_dict()) - set(without.state_dict()) == {"weeks.weight"}
    assert Costly.WEEKS in with_weeks.reads
    assert Costly.WEEKS not in without.reads
    expected = without(snapshot, world.attributes).orders
    assert expected.sum() > 0
    assert torch.equal(with_weeks(snapshot, world.attributes).orders, expected)


def test_its_weights_of_weeks_learn_and_then_weeks_count(world: World, snapshot: Snapshot) -> None:
    module = answering(policy("weeks"))
    assert module.weeks is not None
    module.decide(snapshot, world.attributes, 0.5).decisions.orders.sum().backward()  # type: ignore[no-untyped-call]
    assert module.weeks.weight.grad is not None
    assert (module.weeks.weight.grad != 0).any()
    with torch.no_grad():
        module.weeks.weight.normal_(generator=torch.Generator().manual_seed(1))
    dying = replace(snapshot, weeks_or_none=snapshot.weeks * torch.linspace(2, 0, 13)[:, None, None, None])
    before, after = (module(told, world.attributes).orders for told in (snapshot, dying))
    assert not torch.allclose(before, after)


def test_a_usual_week_is_0_and_one_without_demand_is_finite(world: World, snapshot: Snapshot) -> None:
    passing = echelon_rate(world.attributes, snapshot.weeks[0]).clamp(min=LEAST_RATE)
    features = week_features(snapshot, world.attributes, passing)
    assert features.shape == (*passing.shape, WEEK_FEATURES)
    torch.testing.assert_close(features, torch.zeros_like(features), rtol=0, atol=1e-5)
    none = replace(snapshot, weeks_or_none=torch.zeros_like(snapshot.weeks))
    assert torch.isfinite(week_features(none, world.attributes, passing)).all()
