"""`train` as a function, without a terminal."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from entrepot.configs.loader import ConfigurationError, locate
from entrepot.training.events import Event, Kind
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.policies import rule_baselines
from entrepot.training.resuming import resumed_experiment
from entrepot.training.run import Trained, train
from tests.worlds.runs import IN_THIS_PROCESS, tiny_experiment

SMALL = (*IN_THIS_PROCESS, "skus=2", "trainer.iterations=2")


@dataclass(frozen=True)
class Done:
    """A run of two iterations, and what it told."""

    experiment: ExperimentSettings
    found: Trained
    events: list[Event]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    events: list[Event] = []
    experiment = tiny_experiment(tmp_path_factory.mktemp("done"), *SMALL)
    return Done(experiment, train(experiment, observe=events.append), events)


def test_a_run_tells_each_step_and_hands_back_what_it_found(done: Done) -> None:
    order = list(dict.fromkeys(event.kind for event in done.events))
    assert order == [Kind.WORLD, Kind.TUNING, Kind.TUNED, Kind.BEGUN, Kind.ITERATION, Kind.TRAINED, Kind.JUDGING]
    assert [event.done for event in done.events if event.kind is Kind.ITERATION] == [1, 2]
    assert done.found.outcome.policy_file == done.experiment.run_folder / "policy.pt"
    assert [row["policy"] for row in done.found.judged.rows()] == [*rule_baselines(), "untrained", "tiny"]


def test_a_run_that_is_done_is_not_trained_over_and_can_be_extended(done: Done) -> None:
    with pytest.raises(ConfigurationError, match="holds a run that is done; give another name"):
        train(done.experiment)
    folder = done.experiment.folder
    longer = resumed_experiment([f"folder={folder}", "run=tiny", "trainer.iterations=3"])
    events: list[Event] = []
    assert train(longer, resume=True, observe=events.append).outcome.iterations == 3
    assert [event.done for event in events if event.kind is Kind.ITERATION] == [3]
    assert resumed_experiment([f"folder={folder}", "run=tiny"]).trainer.iterations == 3


def test_resume_compares_the_content_of_the_network_and_not_its_name(tmp_path: Path) -> None:
    text = locate("network", "two_warehouses").read_text(encoding="utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text(text, encoding="utf-8")
    experiment = tiny_experiment(tmp_path, *SMALL, f"network={mine}")
    train(experiment)
    mine.write_text(text.replace("transit: {days: ", "transit: {days: 1"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"--resume: network\.lanes: not what the run in .* was begun with"):
        train(experiment, resume=True)
    mine.write_text(f"{text}\n# a remark changes nothing\n", encoding="utf-8")
    assert train(experiment, resume=True).outcome.iterations == 2
