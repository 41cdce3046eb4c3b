from pathlib import Path

import pytest

from entrepot.training.trainers.storage import checkpoint_place, clear_place, file_system
from tests.training.tiny import tiny_experiment


@pytest.mark.parametrize(
    ("storage", "place"),
    [
        ("s3://bucket/runs/", "s3://bucket/runs/tiny/ray"),
        ("/shared/runs", "/shared/runs/tiny/ray"),
    ],
)
def test_each_run_has_its_own_place_in_what_all_share(tmp_path: Path, storage: str, place: str) -> None:
    assert checkpoint_place(tiny_experiment(tmp_path, f"compute.storage={storage}"), "ray") == place


def test_without_storage_checkpoints_go_to_the_runs_folder(tmp_path: Path) -> None:
    assert checkpoint_place(tiny_experiment(tmp_path), "ray") == str(tmp_path / "tiny" / "ray")


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_folder_and_a_uri_are_cleared_and_may_be_absent(tmp_path: Path, scheme: str) -> None:
    place = f"{scheme}{tmp_path}/kept"
    clear_place(place)
    (tmp_path / "kept" / "deep").mkdir(parents=True)
    clear_place(place)
    assert not (tmp_path / "kept").exists()
    assert file_system(place)[1] == str(tmp_path / "kept")
