from pathlib import Path

import pytest

from entrepot.agents.neural import NeuralCoverPolicy, NeuralPolicy
from entrepot.configs.loader import ConfigurationError
from entrepot.training.trainers.registry import learned_module
from tests.worlds.runs import tiny_experiment


def test_pathwise_trains_the_head_that_releases_stock_unless_another_is_named(tmp_path: Path) -> None:
    heads = {}
    for name in ("null", "cover", "units"):
        module = learned_module(tiny_experiment(tmp_path, f"policy.head={name}"))
        assert isinstance(module, NeuralPolicy)
        heads[name] = module.settings.head
    assert heads == {"null": "release", "cover": "cover", "units": "units"}


@pytest.mark.parametrize("trainer", ["ippo", "mappo"])
def test_trainers_that_act_in_the_environment_take_covers_and_nothing_else(trainer: str, tmp_path: Path) -> None:
    module = learned_module(tiny_experiment(tmp_path, f"trainer={trainer}"))
    assert isinstance(module, NeuralCoverPolicy)
    assert module.policy.settings.head == "cover"
    with pytest.raises(ConfigurationError, match=r"policy\.head: 'release'; allowed where .* cover"):
        learned_module(tiny_experiment(tmp_path, f"trainer={trainer}", "policy.head=release"))
