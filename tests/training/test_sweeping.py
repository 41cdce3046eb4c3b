"""A sweep's grammar, and a real one of two trials."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from entrepot.configs.loader import ConfigurationError
from entrepot.training.command_line import app
from entrepot.training.policies import load_run
from entrepot.training.sweeping import Sweep
from tests.training.tiny import tiny_overrides


def test_keys_with_several_values_are_told_from_the_rest() -> None:
    sweep = Sweep.parse(
        [
            "seed=3",
            "policy.cell_width=choice(32, 64)",
            "trainer.learning_rate=tag(log, interval(1e-4, 1e-2))",
            "windows.skus=range(4, 16, 4)",
            "trainer.warm_up_share=interval(0.0, 0.2)",
        ]
    )
    assert sweep.shared == ("seed=3",)
    assert sweep.domains["policy.cell_width"].categories == [32, 64]
    assert sweep.domains["windows.skus"].categories == [4, 8, 12]
    rate = sweep.domains["trainer.learning_rate"]
    assert (rate.lower, rate.upper) == (1e-4, 1e-2)
    assert all(1e-4 <= value <= 1e-2 for value in rate.sample(size=20))
    assert sweep.overrides({"policy.cell_width": 64}) == ["seed=3", "policy.cell_width=64"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trainer.iterations=3", "nothing to sweep"),
        ("network=choice(kreen, two_warehouses)", "network: can't be swept"),
        ("trainer.learning_rate=interval(1, 0.1)", "the first must be less than the second"),
        ("trainer.learning_rate=tag(log, interval(0, 1))", "both must be above 0"),
        ("trainer.learning_rate=choice(", "trainer.learning_rate"),
    ],
)
def test_what_cant_be_swept_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")):
        Sweep.parse([text])


def test_a_key_that_does_not_exist_is_refused_before_any_trial(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sweep", *tiny_overrides(tmp_path), "policy.celwidth=choice(1,2)"])
    assert result.exit_code == 2
    assert not (tmp_path / "tiny").exists()


def test_two_trials_are_run_and_the_cheaper_one_stands_first(tmp_path: Path) -> None:
    figures = tmp_path / "sweep.json"
    arguments = [
        *tiny_overrides(tmp_path),
        "trainer=sb3_ppo",
        "trainer.environments=2",
        "trainer.fragment_days=4",
        "trainer.minibatch=8",
        "trainer.episode_days=8",
        "trainer.warm_up_days=2",
        "trainer.hidden=[8]",
        "trainer.learning_rate=choice(0.001,0.01)",
    ]
    result = CliRunner().invoke(app, ["sweep", *arguments, "--trials", "2", "--json", str(figures)])
    assert result.exit_code == 0, result.output
    rows = json.loads(figures.read_text())["rows"]
    assert len(rows) == 2
    costs = [row["validation_cost_usd_per_day"] for row in rows]
    assert costs == sorted(costs)
    for row in rows:
        assert row["trainer.learning_rate"] in (0.001, 0.01)
        run = load_run(tmp_path / "tiny" / row["trial"])
        assert run.experiment.trainer["learning_rate"] == row["trainer.learning_rate"]
    assert rows[0]["trial"] in result.output
