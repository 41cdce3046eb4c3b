"""What a node is told of those that it feeds."""

from dataclasses import replace

import torch

from entrepot.agents.neural.features import node_features
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.world import build_world
from tests.worlds.tiny import first_snapshot, tiny_world


def test_a_hub_hears_by_how_much_the_shop_it_feeds_is_short() -> None:
    world = tiny_world("two_warehouses")
    hub, shop = (world.network.nodes.index(name) for name in ("hub", "shop"))
    snapshot = first_snapshot(world)
    less = replace(snapshot, on_hand=snapshot.on_hand.clone())
    less.on_hand[:, shop] -= 1.0
    known, changed = (node_features(told, world.attributes) for told in (snapshot, less))
    more = (changed.below - known.below) * known.rate
    torch.testing.assert_close(more[:, hub], torch.ones_like(more[:, hub]), rtol=1e-3, atol=1e-3)
    assert (changed.below[:, shop] == 0).all()  # it feeds nobody


def test_a_shortage_is_heard_of_several_stages_up() -> None:
    world = build_world("classic/serial_example_6_1", DemandSettings(name="classic/normal_half_of_5"))
    assert len(world.network.nodes) == 3
    snapshot = first_snapshot(world)
    (last,) = torch.nonzero(world.attributes.direct_share.sum(dim=1)).flatten().tolist()
    less = replace(snapshot, on_hand=snapshot.on_hand.clone())
    less.on_hand[:, last] -= 1.0
    known, changed = (node_features(told, world.attributes) for told in (snapshot, less))
    more = ((changed.below - known.below) * known.rate)[0, :, 0]
    expected = torch.ones(3)
    expected[last] = 0.0
    torch.testing.assert_close(more, expected, rtol=1e-3, atol=1e-3)
