import numpy as np
import pytest
import torch

from entrepot.agents.inference.feasibility import lanes_from, whole_packs
from entrepot.agents.neural import NeuralCoverPolicy, NeuralPolicy, NeuralPolicySettings
from entrepot.agents.neural.features import node_features
from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import PolicySettings
from tests.worlds.tiny import first_snapshot, tiny_world

RELEASE = NeuralPolicySettings(head="release")
UNITS = NeuralPolicySettings(head="units")


def test_an_untrained_head_of_units_orders_what_sells_between_departures_on_the_cheapest_way() -> None:
    world = tiny_world("kreen", 6)
    known, snapshot = world.attributes, first_snapshot(world)
    policy = NeuralPolicy(UNITS)
    orders = policy(snapshot, known).orders
    between = node_features(snapshot, known).rate[:, known.lane_destination] * known.lane_interval_days[:, None]
    cheapest = (snapshot.lane_wait_days < 0.5).unsqueeze(-1) & (known.lane_primary > 0.5)
    assert cheapest.any()
    torch.testing.assert_close(orders[cheapest], between[cheapest], rtol=0.01, atol=0.0)


def test_a_head_of_units_orders_nothing_where_no_lane_departs_or_carries_the_sku() -> None:
    world = tiny_world("kreen", 6)
    snapshot = first_snapshot(world)
    orders = NeuralPolicy(UNITS)(snapshot, world.attributes).orders
    assert (orders[snapshot.lane_wait_days > 0.5] == 0).all()
    assert (orders[:, world.attributes.lane_carries < 0.5] == 0).all()


def test_a_head_of_units_does_not_subtract_the_stock() -> None:
    world = tiny_world()
    snapshot = first_snapshot(world)
    policy = NeuralPolicy(UNITS)
    before = policy(snapshot, world.attributes).orders
    snapshot.on_hand.add_(1000.0)
    torch.testing.assert_close(policy(snapshot, world.attributes).orders, before)


def test_an_untrained_head_of_release_asks_as_the_cover_head_does_and_for_no_more_than_there_is() -> None:
    world = tiny_world("kreen", 6)
    known, snapshot = world.attributes, first_snapshot(world)
    snapshot.on_hand.mul_(0.1)
    asked, released = NeuralPolicy().wanted(snapshot, known), NeuralPolicy(RELEASE).wanted(snapshot, known)
    there = snapshot.on_hand + snapshot.dock + snapshot.arriving[..., 0]
    binds = 0
    for node in range(there.shape[1]):
        leaves = known.lane_origin == node
        total = asked[:, leaves].sum(dim=1)
        expected = asked[:, leaves] * (there[:, node] / total.clamp(min=1e-6)).clamp(max=1.0).unsqueeze(1)
        torch.testing.assert_close(released[:, leaves], expected, rtol=1e-3, atol=1e-3)
        binds += int((total > 1.5 * there[:, node]).sum())
    assert binds > 0
    from_suppliers = known.lane_origin >= there.shape[1]
    torch.testing.assert_close(released[:, from_suppliers], asked[:, from_suppliers])


def test_where_stock_is_short_the_orders_have_a_gradient_that_holds_it_back() -> None:
    world = tiny_world("kreen", 6)
    snapshot = first_snapshot(world)
    snapshot.on_hand.mul_(0.1)
    policy = NeuralPolicy(RELEASE)
    inside = world.attributes.lane_origin < snapshot.on_hand.shape[1]
    before = policy.wanted(snapshot, world.attributes)[:, inside].sum()
    before.backward()  # type: ignore[no-untyped-call]
    release = 0  # the first of the answers
    assert policy.answer.bias.grad is not None
    assert policy.answer.bias.grad[release] > 0
    with torch.no_grad():
        policy.answer.bias[release] = -10.0
    assert policy.wanted(snapshot, world.attributes)[:, inside].sum() < 0.01 * before


def test_of_scarce_stock_whole_units_are_released_and_fractions_together_lose_none() -> None:
    world = tiny_world("kreen", 6)
    known, snapshot = world.attributes, first_snapshot(world)
    snapshot.on_hand.mul_(0.02)
    policy = NeuralPolicy(RELEASE)
    fractions = policy(snapshot, known).orders.detach()
    with torch.no_grad():
        units, told = policy(snapshot, known).orders, policy.explained(snapshot, known)
    torch.testing.assert_close(told["orders"], fractions)
    off_one_by_one = 0
    for node in range(snapshot.on_hand.shape[1]):
        leaves = known.lane_origin == node
        scarce = (told["released"][:, leaves] < 1).all(dim=1)
        shares = fractions[:, leaves].transpose(1, 2)[scarce]
        released = units[:, leaves].transpose(1, 2)[scarce]
        assert (released == released.round()).all()
        assert ((released - shares).abs() < 1.001).all()
        assert ((released.sum(dim=1) - shares.sum(dim=1)).abs() < 0.501).all()
        off_one_by_one += int(((shares.round().sum(dim=1) - shares.sum(dim=1)).abs() > 0.501).sum())
    assert off_one_by_one > 0
    enough = told["released"] == 1
    torch.testing.assert_close(units[enough], fractions[enough])


def test_the_inference_library_makes_shares_of_scarce_stock_whole_as_the_policy_does() -> None:
    world = tiny_world("kreen", 6)
    known, snapshot = world.attributes, first_snapshot(world)
    snapshot.on_hand.mul_(0.02)
    policy = NeuralPolicy(RELEASE)
    with torch.no_grad():
        units, told = policy(snapshot, known).orders, policy.explained(snapshot, known)
    lanes = known.lane_origin.numpy()
    starts = lanes_from(np.arange(snapshot.on_hand.shape[1]), {"lane_origin": lanes})
    scarce = (told["released"] < 1).numpy()
    whole = whole_packs(told["orders"].numpy().astype(np.float64), starts, scarce)
    assert scarce.any()
    np.testing.assert_array_equal(whole[scarce], units.numpy()[scarce])
    np.testing.assert_array_equal(whole[~scarce], np.rint(units.numpy()[~scarce]))


@pytest.mark.parametrize("head", ["release", "units"])
def test_a_head_of_other_answers_is_refused_where_the_environment_is_told_covers(head: str) -> None:
    world = tiny_world()
    settings = NeuralPolicySettings(head=head)
    with pytest.raises(ConfigurationError, match=rf"policy\.head: '{head}'; allowed where"):
        NeuralCoverPolicy(settings)
    with pytest.raises(ConfigurationError, match=rf"policy\.head: '{head}'"):
        NeuralPolicy(settings).cover(first_snapshot(world), world.attributes)


def test_an_unknown_head_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match=r"policy\.head: 'none'; allowed: cover, release, units"):
        NeuralPolicy(NeuralPolicySettings(head="none"))
    with pytest.raises(ValueError, match="allowed: cover, release, units"):
        PolicySettings(head="none")
