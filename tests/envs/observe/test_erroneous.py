"""What is known where records are wrong, and where they are late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.records.description import Records
from entrepot.envs.observe.as_live import AsLive, LiveKnowledge
from entrepot.envs.observe.reading import EVERYTHING
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.twin import Scenario
from entrepot.envs.world import World
from tests.worlds.tiny import tiny_scenario, tiny_world

DAYS, EPISODES = 20, 2
ERRORS = {"shrinkage_share_per_year": 0.5, "mispick_share": 0.05, "misplaced_share": 0.05}


def world_with(observation: str = "erroneous", **records: Any) -> World:
    world = tiny_world("kreen", 3)
    described = world.description.model_copy(update={"records": Records.model_validate(records)})
    return World.of(described, world.demand, observation=observation)


def lived(world: World, *, days: int = DAYS) -> tuple[Simulation, Scenario, Present, list[Lived]]:
    simulation, scenario = world.simulation(), tiny_scenario(world, episodes=EPISODES, days=days + 1)
    past: list[Lived] = []
    rule = base_cover_rule(world.attributes)
    end = simulation.run(stocked(simulation, episodes=EPISODES), scenario, rule, days=days, watch=past.append)
    return simulation, scenario, end, past


def test_what_the_record_hides_changes_no_decision() -> None:
    world = world_with(every_node=ERRORS)
    simulation, scenario, end, _ = lived(world)
    records = end.state.records
    assert records is not None
    hidden = replace(
        end.state,
        on_hand=torch.floor(0.3 * end.state.on_hand),
        records=replace(records, misplaced=torch.floor(0.1 * end.state.on_hand)),
        pipeline=end.state.pipeline.roll(3, dims=1),
        with_customers=2 * end.state.with_customers,
    )
    one, other = (
        simulation.observe(Present(state, end.memory), scenario.at(DAYS), EVERYTHING) for state in (end.state, hidden)
    )
    assert torch.equal(one.on_hand, records.recorded)
    rule = base_cover_rule(world.attributes)
    assert torch.equal(rule(one).orders, rule(other).orders)
    for name in one.axes():
        before, after = getattr(one, name), getattr(other, name)
        assert before is after is None or torch.equal(before, after), name


@pytest.mark.parametrize("observation", ["exact", "as_live"])
def test_who_knows_the_stock_knows_what_can_be_found(observation: str) -> None:
    simulation, scenario, end, _ = lived(world_with(observation, every_node=ERRORS | {"misplaced_share": 0.3}))
    seen = simulation.observe(end, scenario.at(DAYS))
    assert end.state.records is not None
    assert end.state.records.misplaced.any()
    assert torch.equal(seen.on_hand, end.state.on_hand - end.state.records.misplaced)


def test_stock_that_is_found_but_not_recorded_is_sold_to_nobody() -> None:
    simulation, _, end, past = lived(world_with("as_live", every_node=ERRORS, counts="none"), days=2)
    model, last = simulation.model, past[-1]
    assert isinstance(model, AsLive)
    assert isinstance(end.memory, LiveKnowledge)
    assert last.state.records is not None
    assert (last.state.on_hand > last.state.records.misplaced).any()
    nothing = replace(last.state.records, recorded=torch.zeros_like(last.state.records.recorded))
    flows = replace(last.flows, shipped=torch.zeros_like(last.flows.shipped))
    assert not model.sold_out(end.memory, last.state, flows, last.day).all()
    assert model.sold_out(end.memory, replace(last.state, records=nothing), flows, last.day).all()


def test_it_is_refused_where_records_are_always_right() -> None:
    late: dict[str, Any] = {"every_node": {"booking_delay_days": 2}}
    for records in ({}, late):
        with pytest.raises(ConfigurationError, match=r"'erroneous'.*always right.*allowed: exact, as_live"):
            world_with(**records)
    with pytest.raises(ConfigurationError, match=r"'erroneous'"):
        tiny_world(observation="erroneous")


def test_a_person_is_told_how_the_world_is_seen() -> None:
    assert tiny_world().knowledge_lines == []
    assert tiny_world(observation="as_live").knowledge_lines == ["observation: as_live"]
    told = world_with(every_node=ERRORS, counts="abc").knowledge_lines
    assert told == ["observation: erroneous", "records: can be wrong; counts: abc; what is recorded decides"]
    assert "policies know the stock" in world_with("exact", counts="yearly").knowledge_lines[0]


def test_what_is_booked_late_is_seen_as_it_was_so_many_days_before() -> None:
    """Of a node that sends nothing on: its stock, its dock and its customers' demand."""
    delay = 3
    prompt, late = world_with("as_live"), world_with("as_live", every_node={"booking_delay_days": delay})
    simulation, scenario, end, past = lived(late)
    seen = simulation.observe(end, scenario.at(DAYS), EVERYTHING)
    ends = [node for node, sends in enumerate(late.parameters.lane.from_node.any(dim=1)) if not sends]
    before = past[DAYS - 1 - delay].state
    assert not torch.equal(seen.on_hand, end.state.on_hand)
    assert torch.equal(seen.on_hand[:, ends], before.on_hand[:, ends])
    assert torch.equal(seen.dock[:, ends], before.dock[:, ends])
    # An estimate is made on the day, and by then less was known: without any, statistics are those of so long ago.
    model = prompt.simulation().model
    assert isinstance(model, AsLive)
    known = begun = model.begin(past[0].state)
    for day in past[: DAYS - delay]:
        known = model.learn(known, day.state, day.flows, day.day)
    assert isinstance(known, LiveKnowledge)
    assert isinstance(end.memory, LiveKnowledge)
    sold_out = [model.sold_out(begun, day.state, day.flows, day.day).any(dim=0) for day in past]
    never = ~torch.stack(sold_out).any(dim=0)
    assert never.any()
    late_slow, prompt_slow = end.memory.demand.demand_slow, known.demand.demand_slow
    torch.testing.assert_close(late_slow[:, never], prompt_slow[:, never])


def test_units_that_are_not_booked_yet_are_still_expected() -> None:
    simulation, scenario, end, _ = lived(world_with("as_live", every_node={"booking_delay_days": 2}))
    seen = simulation.observe(end, scenario.at(DAYS), EVERYTHING)
    torch.testing.assert_close(seen.pipeline.sum(dim=-1), seen.in_transit)
    assert (seen.in_transit >= end.state.in_transit).all()
