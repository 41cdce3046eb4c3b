from dataclasses import replace

import torch
from torch import Tensor

from entrepot.agents.neural import NeuralPolicy, NeuralPolicySettings
from entrepot.agents.neural.covers import OTHER_WAY_SHARE, WorkedOutCovers, _normal_quantile
from entrepot.agents.neural.features import node_features
from entrepot.agents.neural.settings import WORKED_OUT
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.world import World, build_world
from tests.worlds.tiny import first_snapshot, tiny_world

WORLD = tiny_world("two_warehouses", 4)
SNAPSHOT = first_snapshot(WORLD)
PRICES = WORLD.attributes.lane_shipment_usd
SEA, AIR = 1, 2  # lanes of two_warehouses from the hub to the shop


def covers(attributes: NetworkAttributes, world: World = WORLD) -> Tensor:
    """[L, S] of the first environment."""
    known = node_features(first_snapshot(world), attributes, WorkedOutCovers())
    return known.base_cover[0].detach()


def test_the_quantile_is_the_normals_within_a_twentieth() -> None:
    p = torch.linspace(0.02, 0.98, 49, dtype=torch.float64)
    torch.testing.assert_close(_normal_quantile(torch.log(p / (1 - p))), torch.special.ndtri(p), atol=0.05, rtol=0)


def test_what_is_dearer_to_hold_is_covered_for_fewer_days_and_what_earns_more_for_more() -> None:
    usual = covers(WORLD.attributes)
    dear = covers(replace(WORLD.attributes, capital_share_per_day=10 * WORLD.attributes.capital_share_per_day))
    earning = covers(replace(WORLD.attributes, margin_usd=3 * WORLD.attributes.margin_usd))
    assert (dear[:2] < usual[:2]).all()
    assert (earning[:2] > usual[:2]).all()


def test_goods_that_take_longer_or_depart_less_often_are_covered_for_more_days() -> None:
    usual = covers(WORLD.attributes)
    longer = WORLD.attributes.lane_lead_days.clone()
    longer[SEA] += 10
    rarer = 2 * WORLD.attributes.lane_interval_days
    assert (covers(replace(WORLD.attributes, lane_lead_days=longer))[SEA] > usual[SEA] + 9).all()
    assert (covers(replace(WORLD.attributes, lane_interval_days=rarer))[:2] > usual[:2]).all()


def test_a_faster_way_covers_fewer_days_the_more_it_costs_beyond_the_cheap_one() -> None:
    usual = covers(WORLD.attributes)
    dearer = WORLD.attributes.lane_landed_usd.clone()
    dearer[AIR] += 3.0
    less = covers(replace(WORLD.attributes, lane_landed_usd=dearer))
    assert (usual[AIR] < usual[SEA]).all()
    assert (less[AIR] <= usual[AIR]).all()
    assert (less[AIR] < usual[AIR]).any()


def test_where_a_departure_costs_more_it_is_left_for_longer_and_covers_reach_until_the_next() -> None:
    free, dear = (replace(WORLD.attributes, lane_shipment_usd=usd * torch.ones(len(PRICES))) for usd in (0.0, 80.0))
    dearer = replace(WORLD.attributes, lane_shipment_usd=160.0 * torch.ones(len(PRICES)))
    primary = WORLD.attributes.lane_primary > 0.5
    assert (covers(dear)[primary] > covers(free)[primary] + 1).all()
    assert (covers(dearer)[primary] > covers(dear)[primary]).all()


def test_what_perishes_is_covered_for_no_longer_than_it_lasts_and_all_beside_it_departs_sooner() -> None:
    lead, life = WORLD.attributes.lane_lead_days[:, None], WORLD.attributes.lane_life_days.clone()
    dear = replace(WORLD.attributes, lane_shipment_usd=80.0 * torch.ones(len(PRICES)))
    life[:, 0] = 6.0
    known = replace(dear, lane_life_days=life)
    primary = WORLD.attributes.lane_primary > 0.5
    lasting, perishing = covers(dear), covers(known)
    assert (perishing <= lasting + 1e-4)[primary].all()
    stays = (perishing - lead)[:2, 0]
    assert (stays <= 6.0 + 1e-4).all()
    assert stays.sum() <= 6.0 + 1e-4  # at the hub and the shop together
    usual, hastened = (node_features(SNAPSHOT, one, WorkedOutCovers()).departs_sooner for one in (dear, known))
    assert usual is not None
    assert hastened is not None
    assert (usual == 0).all()
    assert (hastened[:, :2] < -0.5).all()


def test_of_what_perishes_more_is_kept_where_it_earns_more_and_less_where_it_is_dear_to_lose() -> None:
    life = torch.full_like(WORLD.attributes.lane_life_days, 30.0)
    known = replace(WORLD.attributes, lane_life_days=life)
    primary = known.lane_primary > 0.5
    usual = covers(known)
    earning = covers(replace(known, margin_usd=2 * known.margin_usd))
    value, capital = 5 * known.value_usd, known.capital_share_per_day / 5  # as dear to hold as before
    dear = covers(replace(known, value_usd=value, capital_share_per_day=capital))
    assert (earning >= usual - 0.02)[primary].all()
    assert (earning > usual + 0.1)[primary].any()
    assert (dear <= usual + 0.02)[primary].all()
    assert (dear < usual - 0.1)[primary].any()


def test_a_way_over_a_sister_node_is_not_a_faster_one() -> None:
    world = build_world("cold_chain")
    over_berlin = world.network.lanes.index("berlin→copenhagen:truck")
    assert world.attributes.lane_lead_days[over_berlin] < world.attributes.lane_lead_days[over_berlin - 1]
    cover = covers(world.attributes, world)[over_berlin]
    torch.testing.assert_close(cover, OTHER_WAY_SHARE * world.attributes.lane_lead_days[over_berlin].expand(4))


def test_covers_worked_out_make_those_of_the_attributes_unread() -> None:
    policy = NeuralPolicy(NeuralPolicySettings(head="release", covers=WORKED_OUT))
    other = replace(WORLD.attributes, base_cover_days=100 * torch.ones_like(WORLD.attributes.base_cover_days))
    given = NeuralPolicy(NeuralPolicySettings(head="release"))
    assert torch.equal(policy(SNAPSHOT, other).orders, policy(SNAPSHOT, WORLD.attributes).orders)
    assert not torch.equal(given(SNAPSHOT, other).orders, given(SNAPSHOT, WORLD.attributes).orders)


def test_covers_are_finite_on_any_network_and_learn() -> None:
    worlds = [tiny_world(name, skus) for name, skus in (("kreen", 3), ("random-4", 5), ("random-9", 2))]
    for world in (*worlds, build_world("cold_chain")):
        known = node_features(first_snapshot(world), world.attributes, formula := WorkedOutCovers())
        assert torch.isfinite(known.base_cover).all()
        known.base_cover.sum().backward()  # type: ignore[no-untyped-call]
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in formula.parameters())
