import numpy as np

from entrepot.agents.rules import MinMax
from entrepot.envs.rendering.scene import Scene
from entrepot.envs.world import World
from entrepot.training.evaluation.playing import Played, chosen_skus, play


def played(world: World, *, every: int = 1, warm_up_days: int = 6) -> tuple[Played, list[Scene]]:
    scenes: list[Scene] = []
    done = play(
        world,
        MinMax(world.attributes),
        days=12,
        warm_up_days=warm_up_days,
        seed=3,
        every=every,
        show=scenes.append,
    )
    return done, scenes


def test_the_first_and_the_last_day_are_always_shown(world: World) -> None:
    _, scenes = played(world, every=5)
    assert [scene.caption.split(", ")[1] for scene in scenes] == [f"day {day} of 12" for day in (0, 5, 10, 12)]
    assert "the day before" not in scenes[0].caption
    assert "USD the day before" in scenes[1].caption


def test_scenes_show_what_the_episode_came_to(world: World) -> None:
    done, scenes = played(world)
    assert len(scenes) == 13
    assert done.on_hand.shape == (12, len(world.network.nodes), len(world.network.skus))
    assert f"{done.usd_per_day[-1]:,.0f} USD" in scenes[-1].caption
    total = sum(float(scene.served.sum() + scene.short.sum()) for scene in scenes[1:])
    np.testing.assert_allclose(total, done.demand.sum(), rtol=1e-5)


def test_how_often_it_is_drawn_changes_nothing(world: World) -> None:
    every_day, _ = played(world)
    seldom, _ = played(world, every=7)
    np.testing.assert_array_equal(every_day.usd_per_day, seldom.usd_per_day)
    np.testing.assert_array_equal(every_day.on_hand, seldom.on_hand)


def test_the_best_selling_skus_are_chosen_by_their_number(world: World) -> None:
    best = chosen_skus("2", world)
    rate = dict(zip(world.network.skus, np.asarray(world.demand.mean_units_per_day).sum(axis=0), strict=True))
    assert len(best) == 2
    assert min(rate[sku] for sku in best) >= max(rate[sku] for sku in world.network.skus if sku not in best)
    assert chosen_skus(f"{best[1]}, {best[0]}", world) == [best[1], best[0]]
