from itertools import islice

import torch

from entrepot.agents.rules import MinMax
from entrepot.envs.world import World
from entrepot.training.pathwise.windows import Window, Windows
from tests.worlds.runs import WINDOWS


def windows(world: World, count: int, *, first: int = 0, seed: int = 5) -> list[Window]:
    source = Windows(world, WINDOWS, seed=seed)
    return list(islice(source.stream(lambda attributes, _: MinMax(attributes), first=first), count))


def test_the_same_seed_gives_the_same_windows_and_another_seed_others(world: World) -> None:
    once, again, other = windows(world, 3), windows(world, 3), windows(world, 3, seed=6)
    for a, b, c in zip(once, again, other, strict=True):
        assert torch.equal(a.scenario.demand, b.scenario.demand)
        assert torch.equal(a.present.state.on_hand, b.present.state.on_hand)
        assert not torch.equal(a.scenario.demand, c.scenario.demand)


def test_a_stream_that_starts_at_a_number_goes_on_with_the_same_scenarios(world: World) -> None:
    whole = windows(world, 4)
    for first in (1, 2, 3):
        for a, b in zip(whole[first:], windows(world, 4 - first, first=first), strict=True):
            assert torch.equal(a.scenario.demand, b.scenario.demand)
            assert torch.equal(a.scenario.first_day, b.scenario.first_day)


def test_windows_of_a_segment_overlap(world: World) -> None:
    first, second = windows(world, 2)
    advance = WINDOWS.advance_days
    assert torch.equal(first.scenario.demand[:, advance:], second.scenario.demand[:, :-advance])
