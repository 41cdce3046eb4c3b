from pathlib import Path

import numpy as np
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.layout import Layout, generated
from entrepot.envs.network.layout.csv_file import read_positions, write_positions

HEAD = "id,aisle,bay,level,x,y,z,width,depth,height,most_kg,goods_types\n"
ROW = "A-1,A,1,0,1.0,2.0,0.0,1,1.2,1.5,900,general fragile\n"


def read(tmp_path: Path, text: str) -> str:
    path = tmp_path / "positions.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_positions(path, cross_aisle_m=4.0)
    return str(refused.value).replace(str(tmp_path), "")


def test_positions_that_were_written_are_read_as_they_were(tmp_path: Path) -> None:
    written = generated(Layout(area_m2=1800, storage_m3=3000, reserved={"hazardous": 0.1}), where="here")
    write_positions(written, tmp_path / "positions.csv")
    read = read_positions(tmp_path / "positions.csv", cross_aisle_m=4.0)
    assert read.names == written.names
    for name in ("aisle", "bay", "level", "allows"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
    np.testing.assert_allclose(read.walk_m, written.walk_m, atol=1e-3)
    assert read.aisle_m == pytest.approx(written.aisle_m)


def test_a_bad_value_is_told_with_file_line_column_and_what_is_allowed(tmp_path: Path) -> None:
    told = read(tmp_path, HEAD + ROW + ROW.replace("A-1", "A-2").replace("900", "-9").replace("general", "genral"))
    assert told.splitlines() == [
        "/positions.csv: line 3: most_kg: '-9'; allowed: a number above 0",
        "/positions.csv: line 3: goods_types: 'genral fragile'; allowed: one or more of general fragile hazardous cold",
    ]


def test_a_position_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + ROW + ROW) == (
        "/positions.csv: line 3: id: 'A-1' stands in line 2 too; allowed: each once"
    )


def test_a_missing_column_and_a_file_without_positions_are_told(tmp_path: Path) -> None:
    assert "line 1: no column most_kg; needed: id, aisle" in read(tmp_path, HEAD.replace("most_kg,", "") + ROW)
    assert "no positions" in read(tmp_path, HEAD)
    assert "empty" in read(tmp_path, "")
    assert "line 2: 3 cells; allowed: 12" in read(tmp_path, HEAD + "a,b,c\n")


def test_many_bad_rows_are_told_by_their_number(tmp_path: Path) -> None:
    told = read(tmp_path, HEAD + "".join(ROW.replace("A-1", f"A-{i}").replace("900", "no") for i in range(40)))
    assert told.splitlines()[-1] == "/positions.csv: and 35 more"
