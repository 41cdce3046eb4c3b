import pytest
import torch

from entrepot.agents.neural import NeuralCoverPolicy, NeuralPolicy, NeuralPolicySettings
from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import PolicySettings
from tests.training.tiny import first_snapshot, tiny_world

UNITS = NeuralPolicySettings(head="units")


def test_an_untrained_head_of_units_orders_what_sells_between_departures_on_the_cheapest_way() -> None:
    world = tiny_world("kreen", 6)
    known, snapshot = world.attributes, first_snapshot(world)
    policy = NeuralPolicy(UNITS)
    orders = policy(snapshot, known)
    considered = policy._consider(snapshot, known)
    between = considered.known.rate[:, known.lane_destination] * known.lane_interval_days[:, None]
    cheapest = (snapshot.lane_wait_days < 0.5).unsqueeze(-1) & (known.lane_primary > 0.5)
    assert cheapest.any()
    torch.testing.assert_close(orders[cheapest], between[cheapest], rtol=0.01, atol=0.0)


def test_a_head_of_units_orders_nothing_where_no_lane_departs_or_carries_the_sku() -> None:
    world = tiny_world("kreen", 6)
    snapshot = first_snapshot(world)
    orders = NeuralPolicy(UNITS)(snapshot, world.attributes)
    assert (orders[snapshot.lane_wait_days > 0.5] == 0).all()
    assert (orders[:, world.attributes.lane_carries < 0.5] == 0).all()


def test_a_head_of_units_does_not_subtract_the_stock() -> None:
    world = tiny_world()
    snapshot = first_snapshot(world)
    policy = NeuralPolicy(UNITS)
    before = policy(snapshot, world.attributes)
    snapshot.on_hand.add_(1000.0)
    torch.testing.assert_close(policy(snapshot, world.attributes), before)


def test_a_head_of_units_is_refused_where_the_environment_is_told_covers() -> None:
    world = tiny_world()
    with pytest.raises(ConfigurationError, match=r"policy\.head: 'units'; allowed where"):
        NeuralCoverPolicy(UNITS)
    with pytest.raises(ConfigurationError, match=r"policy\.head: 'units'"):
        NeuralPolicy(UNITS).cover(first_snapshot(world), world.attributes)


def test_an_unknown_head_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match=r"policy\.head: 'none'; allowed: cover, units"):
        NeuralPolicy(NeuralPolicySettings(head="none"))
    with pytest.raises(ValueError, match="allowed: cover, units"):
        PolicySettings(head="none")
