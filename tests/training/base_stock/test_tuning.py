import torch

from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.file import TunedBaseStock
from entrepot.training.base_stock.tuning import tune_base_stock
from entrepot.training.experiment import BaseStockSettings, WindowsSettings, compose_experiment

ONE_SEGMENT = WindowsSettings(episodes=8, days=60, warm_up_days=10, advance_days=1, windows_per_segment=12)


def test_tuning_lowers_the_cost_of_the_same_training_scenarios(world: World) -> None:
    def losses(learning_rate: float) -> list[float]:
        seen: list[float] = []
        settings = BaseStockSettings(iterations=8, learning_rate=learning_rate)
        tuned = tune_base_stock(world, ONE_SEGMENT, settings, seed=1, progress=lambda _, loss: seen.append(loss))
        assert tuned.environment_days == 8 * 8 * 60
        return seen

    assert sum(losses(0.1)) < sum(losses(1e-9))


def test_of_several_starts_the_one_that_costs_least_is_kept_and_all_are_counted() -> None:
    experiment = compose_experiment(
        ["network=classic/dual_sourcing_difference_2", "demand=classic/uniform_0_to_4", "run=dual"], name="classic"
    )
    world = build_world(experiment.network, experiment.demand)

    def tuned(*starts: float) -> TunedBaseStock:
        settings = experiment.base_stock.model_copy(update={"iterations": 12, "starts": list(starts)})
        windows = experiment.windows.model_copy(update={"episodes": 32})
        return tune_base_stock(world, windows, settings, seed=1)

    never_fast, fast, both = tuned(1.0), tuned(4.0), tuned(1.0, 4.0)
    assert torch.equal(both.cover, fast.cover)
    assert not torch.equal(both.cover, never_fast.cover)
    assert both.iterations == 24
    assert both.environment_days == never_fast.environment_days + fast.environment_days
