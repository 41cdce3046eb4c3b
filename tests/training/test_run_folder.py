"""What a run may touch, and who may touch a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.run_folder import earlier_run, new_run, new_sweep
from tests.worlds.runs import tiny_experiment


def begin(experiment: ExperimentSettings) -> None:
    with new_run(experiment, {}):
        experiment.save()


def test_a_folder_that_is_no_runs_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "tiny" / "plots" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("a month of work")
    with pytest.raises(ConfigurationError, match=r"exists and is no run's \(it holds plots\).*run=NAME"):
        begin(tiny_experiment(tmp_path))
    assert mine.read_text() == "a month of work"
    assert [path.name for path in (tmp_path / "tiny").iterdir()] == ["plots"]


def test_a_file_in_a_runs_place_and_a_run_inside_another_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tiny").write_text("")
    with pytest.raises(ConfigurationError, match="is a file; give the run another name"):
        begin(tiny_experiment(tmp_path))
    begin(tiny_experiment(tmp_path, "run=outer"))
    with pytest.raises(ConfigurationError, match="lies in the folder of the run"):
        begin(tiny_experiment(tmp_path, "run=outer/checkpoints"))


def test_a_folder_that_can_not_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    with pytest.raises(ConfigurationError, match=r"folder: '.*tiny' can't be written: Not a directory"):
        begin(tiny_experiment(tmp_path / "blocked"))


def test_checkpoints_of_another_folders_run_of_the_same_name_are_not_touched(tmp_path: Path) -> None:
    storage = f"compute.storage={tmp_path / 'stored'}"
    ours, theirs = tiny_experiment(tmp_path / "ours", storage), tiny_experiment(tmp_path / "theirs", storage)
    begin(ours)
    kept = tmp_path / "stored" / "tiny" / "checkpoints" / "latest.json"
    kept.write_text("{}")
    with pytest.raises(ConfigurationError, match="holds checkpoints of another run"):
        begin(theirs)
    assert kept.is_file()
    with pytest.raises(ConfigurationError, match="holds a run that was begun; give --resume"):
        begin(ours)
    assert kept.is_file()
    with new_run(ours, {}, overwrite=True):
        assert not kept.exists()


def test_a_new_run_removes_an_earlier_ones_checkpoints_wherever_those_were(tmp_path: Path) -> None:
    begin(tiny_experiment(tmp_path, f"compute.storage={tmp_path / 'stored'}"))
    assert (tmp_path / "stored" / "tiny" / "checkpoints").is_dir()
    begin(tiny_experiment(tmp_path))
    assert not (tmp_path / "stored" / "tiny" / "checkpoints").exists()


HOLD = """
import sys
from pathlib import Path
from entrepot.training.run_folder import new_run
from tests.worlds.runs import tiny_experiment
with new_run(tiny_experiment(Path(sys.argv[1])), {}):
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_trains_in_the_folder_until_that_one_ends(tmp_path: Path) -> None:
    paths = os.pathsep.join(["src", ".", *sys.path])
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == "begun"
        experiment = tiny_experiment(tmp_path)
        for folder in (new_run(experiment, {}), new_sweep(tiny_experiment(tmp_path, "run=tiny/sweep"))):
            with pytest.raises(ConfigurationError, match=f"process {first.pid} on|folder of the run"), folder:
                pass
        first.kill()  # no word of farewell, as after a power cut
    begin(experiment)


def test_a_run_that_is_gone_on_with_is_locked_too(tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path)
    with pytest.raises(ConfigurationError, match="holds no run"), earlier_run(experiment):
        pass
    begin(experiment)
    with earlier_run(experiment), pytest.raises(ConfigurationError, match="is being trained by process"):
        begin(experiment)


def test_a_sweep_and_a_run_do_not_take_each_others_folder(tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path)
    begin(experiment)
    with pytest.raises(ConfigurationError, match="is a run's folder"), new_sweep(experiment):
        pass
    other = tiny_experiment(tmp_path, "run=many")
    for _ in range(2):
        with new_sweep(other):
            pass
    with pytest.raises(ConfigurationError, match="is no run's"):
        begin(other)
