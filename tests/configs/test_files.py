from pathlib import Path

import pytest

from entrepot.configs.files import write_atomically


def test_a_write_makes_its_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new" / "file.txt", "m³")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file.txt"]
    assert (tmp_path / "new" / "file.txt").read_text(encoding="utf-8") == "m³"


def test_a_write_that_fails_leaves_the_old_file_whole_and_no_remains(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_atomically(path, "old")
    with pytest.raises(TypeError):
        write_atomically(path, 3)  # type: ignore[arg-type]
    assert path.read_text(encoding="utf-8") == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["file.txt"]
