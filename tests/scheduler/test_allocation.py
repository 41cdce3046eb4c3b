from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot.records.stock import Stock
from entrepot.scheduler.allocation import kept
from entrepot.scheduler.allocation.allocator import Allocator
from entrepot.scheduler.allocation.free import free_units
from entrepot.scheduler.allocation.kept import Allocated
from entrepot.scheduler.allocation.terms import Terms
from entrepot.scheduler.decisions.kept import UnknownError
from entrepot.scheduler.decisions.settings import Settings
from entrepot.scheduler.events.quantities import MILLION
from entrepot.scheduler.mirror.records import recorded
from entrepot.scheduler.store.folder import connect_to_read
from entrepot.scheduler.store.recovery import folded
from tests.scheduler.desks import CUT_OFF, LIVE, Live
from tests.scheduler.served import serving
from tests.scheduler.told import AIR, START, envelope, event, moved, places

LAMP, CALIFORNIA = 1, 1


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """30 kettles and 30 lamps in both places."""
    found = Live(tmp_path, LIVE)
    yield found
    found.writer.close()


def allocator(live: Live, *, reserves: bool = True, **terms: Any) -> Allocator:
    return Allocator(
        live.writer, Terms(**terms), live.clock, live.metrics, lambda: live.desk.snapshot, reserves=reserves
    )


def sale(name: str, **units: int) -> dict[str, Any]:
    lines = [{"sku": sku, "units": count} for sku, count in units.items()]
    return {"sale": name, "market": "us_shop", "ordered": START.isoformat(), "lines": lines}


def served(made: Allocated) -> dict[tuple[str, str], float]:
    return {(part.sku, part.node): part.units for part in made.parts}


def free(live: Live, node: int = CALIFORNIA, sku: int = LAMP) -> float:
    found = live.writer.submit(lambda turn: free_units(turn.mirror, live.clock.now())).result()
    return float(found[node, sku]) / MILLION


def test_a_sale_is_served_where_it_is_cheapest_and_its_units_are_spoken_for(live: Live) -> None:
    live.writer.take([event("sale", sale("C1", lamp=4, kettle=2), 1000)]).result()
    made = allocator(live).allocate("C1")
    assert served(made) == {("lamp", "california"): 4, ("kettle", "california"): 2}
    assert (made.shipments, made.reserved, made.revision, made.gap) == (1, True, 1, 0)
    assert made.bound_usd <= made.cost_usd <= made.nearest_usd
    assert free(live) == 26
    found = live.writer.submit(lambda turn: recorded(turn.mirror, live.clock.now())).result().records
    assert found.backlog == []  # nobody waits for stock any more
    assert isinstance(found.stock, Stock)
    assert found.stock.on_hand[CALIFORNIA, LAMP] == 26
    with pytest.raises(UnknownError, match="nothing of it waits"):
        allocator(live).allocate("C1")
    assert kept.listed(connect_to_read(live.folder))[0]["sale"] == "C1"
    assert live.writer.submit(lambda turn: turn.mirror.digest()).result() == (
        folded(connect_to_read(live.folder), places()).digest()
    )


def test_what_one_node_has_not_comes_from_another_and_what_none_has_waits_until_it_has(live: Live) -> None:
    live.writer.take([event("sale", sale("C1", lamp=70), 1000)]).result()
    one = allocator(live, by_itself=True)
    assert one.tick() == 1
    made = kept.listed(connect_to_read(live.folder))[0]
    assert {part["node"]: part["units"] for part in made["parts"]} == {"california": 30, "shenzhen": 30}
    assert made["waiting"] == [{"sku": "lamp", "units": 10}]
    assert one.tick() == 0
    live.writer.take([event("count", {"node": "california", "sku": "lamp", "on_hand": 45}, 1001)]).result()
    assert one.tick() == 1
    assert free(live) == 5
    # What was picked is off what its node owes, wherever else parts of the sale are.
    assert (
        live.writer.take([event("pick", {**moved(40), "sale": "C1"}, 1002, hours=0.05)]).result()[0].outcome
        == "accepted"
    )
    assert free(live) == 5


def test_no_unit_is_promised_twice_whoever_asks_and_whatever_comes_between(live: Live) -> None:
    live.writer.take([event("sale", sale(f"C{n}", lamp=20), 1000 + n) for n in range(4)]).result()
    allocators = [allocator(live), allocator(live)]
    made = [allocators[n % 2].allocate(f"C{n}") for n in range(3)]
    assert [sum(served(one).values()) for one in made] == [20, 20, 20]
    assert free(live, 0) + free(live, 1) == 0
    assert allocator(live).allocate("C3").parts == []
    # A reservation that was solved for before something else took the stock is not taken.
    allocators[0].withdraw("C0", "anna")
    seen = live.writer.submit(lambda turn: allocators[0].see(turn.mirror, "C0")).result()
    wanted = allocators[1].allocate("C0", preview=True)
    assert not wanted.reserved
    allocators[1].allocate("C3")
    overtaken = live.writer.submit(lambda turn: allocators[0].reserve(turn, seen=seen, made=wanted)).result()
    assert overtaken is None


def test_what_is_told_in_the_same_group_counts_before_the_mirror_has_it(live: Live) -> None:
    live.writer.take([event("sale", sale("C1", lamp=30), 1000)]).result()
    one = allocator(live)
    seen = live.writer.submit(lambda turn: one.see(turn.mirror, "C1")).result()
    wanted = one.allocate("C1", preview=True)
    picked = event("pick", {**moved(5), "node": wanted.parts[0].node}, 1001)

    def together(turn: Any) -> Any:
        """As the writer has it where a source's pick was taken in the same group."""
        answer = turn.take(picked)
        assert answer.outcome == "accepted"
        turn.earlier = list(turn.taken)
        return one.reserve(turn, seen=seen, made=wanted)

    assert live.writer.submit(together).result() is None
    assert one.allocate("C1").reserved


def test_what_is_ordered_from_a_node_is_not_promised_to_customers(live: Live) -> None:
    order = {"order": "T1", "lane": AIR, "lines": [{"sku": "lamp", "units": 25}]}
    live.writer.take([event("order", order, 1000), event("sale", sale("C1", lamp=60), 1001)]).result()
    assert served(allocator(live).allocate("C1")) == {("lamp", "california"): 30, ("lamp", "shenzhen"): 5}
    sent = {"node": "shenzhen", "sku": "lamp", "units": 25, "lane": AIR, "shipment": "S1", "order": "T1"}
    live.writer.take([event("dispatch", sent, 1002, hours=1)]).result()
    assert free(live, 0) == 0


def test_a_sale_that_is_cancelled_lets_go_of_its_units(live: Live) -> None:
    live.writer.take([event("sale", sale("C1", lamp=4), 1000)]).result()
    allocator(live).allocate("C1")
    cancelled = event("sale", {**sale("C1", lamp=4), "status": "cancelled", "revision": 1}, 1001)
    live.writer.take([cancelled]).result()
    assert free(live) == 30


def test_a_promise_is_kept_where_its_worth_is_and_a_cut_off_costs_a_day(live: Live) -> None:
    live.clock.set(CUT_OFF)  # midnight in Los Angeles
    live.writer.take([event("sale", {**sale("C1", lamp=1), "promised": "2026-11-27"}, 1000)]).result()
    made = allocator(live).allocate("C1", preview=True)
    assert made.parts[0].arrives_in_days == 3
    live.clock.advance(timedelta(hours=17))
    made = allocator(live).allocate("C1", preview=True)
    assert (made.parts[0].arrives_in_days, made.parts[0].late_days) == (4, 2)
    assert not made.reserved
    with pytest.raises(ConfigurationError, match="--ships-until"):
        allocator(live, by_node={"nowhere": CUT_OFF.time()})


def test_stock_that_others_will_ask_for_is_worth_more_than_stock_that_lies(live: Live) -> None:
    live.desk.tick()
    live.writer.take([event("sale", sale("C1", lamp=1), 1000)]).result()
    dear = allocator(live).allocate("C1", preview=True)
    assert dear.remarks == []
    live.writer.take([event("count", {"node": "california", "sku": "lamp", "on_hand": 5000}, 1001)]).result()
    live.clock.advance(timedelta(minutes=6))
    live.desk.tick()
    assert allocator(live).allocate("C1", preview=True).cost_usd < dear.cost_usd


def test_over_http_a_sale_is_allocated_and_let_go_of_and_in_shadow_nothing_is_kept(tmp_path: Path) -> None:
    told = [
        envelope("count", {"node": "california", "sku": "lamp", "on_hand": 9}, 1, hours=-1),
        envelope("sale", sale("C1", lamp=3), 2),
    ]
    with serving(tmp_path / "live", settings=LIVE) as (_, client):
        assert set(client.outcomes(*told)) == {"accepted"}
        status, made, _ = client.ask("POST", "/v1/allocations", {"sale": "C1"})
        assert (status, made["reserved"]) == (200, True)
        assert client.ask("GET", "/v1/allocations")[1]["allocations"][0]["sale"] == "C1"
        assert client.ask("POST", "/v1/allocations", {"sale": "C2"})[0] == 404
        assert client.ask("POST", "/v1/allocations", {"sail": "C1"})[0] == 400
        assert client.ask("POST", "/v1/allocations/withdraw", {"sale": "C1"})[0] == 200
        assert client.ask("POST", "/v1/allocations/withdraw", {"sale": "C1"})[0] == 404
        assert 'entrepot_allocations_total{outcome="reserved"} 1.0' in client.ask("GET", "/metrics")[1]
    with serving(tmp_path / "shadow", settings=Settings()) as (_, client):
        client.outcomes(*told)
        assert client.ask("POST", "/v1/allocations", {"sale": "C1"})[1]["reserved"] is False
        assert client.ask("GET", "/v1/allocations")[1]["allocations"] == []


def test_what_was_picked_before_anything_was_reserved_takes_nothing_from_what_is(live: Live) -> None:
    live.writer.take([event("sale", sale("C1", lamp=10), 1000)]).result()
    assert live.writer.take([event("pick", {**moved(4), "sale": "C1"}, 1001)]).result()[0].outcome == "accepted"
    allocator(live).allocate("C1")
    reserved, waits = live.writer.submit(
        lambda turn: (int(turn.mirror.demand.allocated[CALIFORNIA, LAMP]), turn.mirror.demand.unallocated())
    ).result()
    assert (reserved / MILLION, waits) == (6, [])
    assert free(live) == 30 - 4 - 6
    allocator(live).withdraw("C1", "anna")
    assert free(live) == 30 - 4
    assert live.writer.submit(lambda turn: turn.mirror.demand.unallocated()).result() == ["C1"]


def test_what_a_node_picked_beyond_its_part_takes_nothing_from_what_is_reserved_next(live: Live) -> None:
    live.writer.take([event("sale", sale("C1", lamp=40), 1000)]).result()
    allocator(live).allocate("C1")  # 30 here, 10 there
    live.writer.take([event("sale", sale("C1", lamp=50) | {"revision": 2}, 1001)]).result()
    assert live.writer.take([event("pick", {**moved(32), "sale": "C1"}, 1002)]).result()[0].outcome == "accepted"
    allocator(live).allocate("C1")
    reserved, waits = live.writer.submit(
        lambda turn: ([turn.mirror.demand.allocated[node, LAMP] for node in (0, 1)], turn.mirror.demand.unallocated())
    ).result()
    assert ([units / MILLION for units in reserved], waits) == ([18, 0], [])
