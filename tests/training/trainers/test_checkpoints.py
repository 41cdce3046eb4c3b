from pathlib import Path

import pytest

from entrepot.training.trainers.checkpoints import (
    Checkpoints,
    Progress,
    checkpoint_place,
    claim_place,
    clear_place,
    file_system,
    owner_of,
)
from tests.worlds.runs import tiny_experiment


@pytest.mark.parametrize(
    ("storage", "place"),
    [
        ("s3://bucket/runs/", "s3://bucket/runs/tiny/checkpoints"),
        ("/shared/runs", "/shared/runs/tiny/checkpoints"),
    ],
)
def test_each_run_has_its_own_place_in_what_all_share(tmp_path: Path, storage: str, place: str) -> None:
    assert checkpoint_place(tiny_experiment(tmp_path, f"compute.storage={storage}")) == place


def test_without_storage_checkpoints_go_to_the_runs_folder(tmp_path: Path) -> None:
    assert checkpoint_place(tiny_experiment(tmp_path)) == str(tmp_path / "tiny" / "checkpoints")


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_folder_and_a_uri_are_cleared_and_may_be_absent(tmp_path: Path, scheme: str) -> None:
    place = f"{scheme}{tmp_path}/kept"
    clear_place(place)
    (tmp_path / "kept" / "deep").mkdir(parents=True)
    clear_place(place)
    assert not (tmp_path / "kept").exists()
    assert file_system(place)[1] == str(tmp_path / "kept")


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_place_knows_whose_it_is(tmp_path: Path, scheme: str) -> None:
    place = f"{scheme}{tmp_path}/kept"
    assert owner_of(place) is None
    claim_place(place, "mine")
    assert owner_of(place) == "mine"
    (tmp_path / "other").mkdir()
    assert owner_of(f"{scheme}{tmp_path}/other") is None
    (tmp_path / "other" / "file").touch()
    assert owner_of(f"{scheme}{tmp_path}/other") == ""


def test_the_last_checkpoint_is_whole_and_those_before_it_are_removed(tmp_path: Path) -> None:
    checkpoints = Checkpoints(str(tmp_path))

    def write(path: str) -> None:
        Path(path).mkdir()
        (Path(path) / "weights").write_text(path)

    def fail(path: str) -> None:
        write(path)
        raise KeyboardInterrupt

    assert checkpoints.last() is None
    checkpoints.save(Progress(iteration=2, seconds=1.0), write)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(Progress(iteration=4), fail)
    assert checkpoints.last() == (str(tmp_path / "iteration-000002"), Progress(iteration=2, seconds=1.0))
    checkpoints.save(Progress(iteration=4), write)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["iteration-000004", "latest.json"]
