import copy
import json
import pickle
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from entrepot.configs.core_schema import parse
from entrepot.configs.decoding import decoded
from entrepot.configs.loader import (
    ConfigurationError,
    StrictModel,
    available,
    locate,
    read_yaml,
    validate,
)


class Leg(StrictModel):
    mode: str
    days: int = Field(1, ge=0)


class Stop(StrictModel):
    country: str
    legs: list[Leg] = Field(default_factory=list)
    home: Leg | None = None


class Trip(StrictModel):
    stops: dict[str, Stop]


def written(folder: Path, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"stops": {}, "stop": 1}, "trip.yaml: stop: unknown key (value 1); allowed: stops"),
        (
            {"stops": {"rome": {"country": "IT", "town": 2}}},
            "trip.yaml: stops.rome.town: unknown key (value 2); allowed: country, home, legs",
        ),
        (
            {"stops": {"rome": {"country": "IT", "legs": [{"mode": "sea"}, {"mode": "air", "day": 3}]}}},
            "trip.yaml: stops.rome.legs[1].day: unknown key (value 3); allowed: days, mode",
        ),
        (
            {"stops": {"rome": {"country": "IT", "home": {"mode": "air", "day": 3}}}},
            "trip.yaml: stops.rome.home.day: unknown key (value 3); allowed: days, mode",
        ),
        (
            {"stops": {"legs": {"country": "IT", "town": 2}}},
            "trip.yaml: stops.legs.town: unknown key (value 2); allowed: country, home, legs",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_those_allowed_at_that_very_place(
    content: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        validate(Trip, content, "trip.yaml")
    assert str(raised.value) == message


def test_every_problem_of_a_file_is_reported_with_its_key_and_value() -> None:
    content = {"stops": {"rome": {"legs": [{"mode": "sea", "days": -1}]}}}
    with pytest.raises(ConfigurationError) as raised:
        validate(Trip, content, "trip.yaml")
    assert str(raised.value).splitlines() == [
        "trip.yaml: stops.rome.country: missing; it must be given",
        "trip.yaml: stops.rome.legs[0].days: Input should be greater than or equal to 0 (found -1)",
    ]


def test_a_validated_configuration_can_not_be_changed() -> None:
    leg = validate(Leg, {"mode": "sea"}, "leg.yaml")
    with pytest.raises(ValidationError):
        leg.mode = "air"  # type: ignore[misc]


def test_a_key_written_twice_is_refused_at_any_depth(tmp_path: Path) -> None:
    path = written(tmp_path, "a: 1\nb:\n  - {c: 1}\n  - c: 1\n    d: 2\n    c: 3\n")
    with pytest.raises(ConfigurationError, match=r"file\.yaml: line 6: key 'c' is written twice"):
        read_yaml(path)


def test_a_list_as_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 1: .* can't be a key"):
        read_yaml(written(tmp_path, "[1, 2]: 3\n"))


def test_anchors_and_merged_mappings_may_be_used(tmp_path: Path) -> None:
    path = written(tmp_path, "base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\n")
    assert read_yaml(path)["more"] == {"a": 1, "b": 3}


@pytest.mark.parametrize("text", ["a: [1\n", "- 1\n- 2\n", ""])
def test_a_file_that_is_no_mapping_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"file\.yaml: (not valid YAML|expected keys and values)"):
        read_yaml(written(tmp_path, text))


class Shop(StrictModel):
    name: str = "shop"
    area_m2: float = 1.0
    floors: int = 1
    open: bool = True
    since: date | None = None
    suppliers: list[str] = Field(default_factory=list)
    rent_usd: float | list[float] = 0.0
    shares: dict[str, float] = Field(default_factory=dict)


def shop(folder: Path, text: str) -> Shop:
    path = written(folder, text)
    return validate(Shop, read_yaml(path), path.name)


@pytest.mark.parametrize("name", ["NA", "NO", "no", "yes", "on", "0012", "0500", "1e5", "1.10", "1:54", "1_000", "12"])
def test_where_a_name_stands_it_is_the_text_that_was_written(tmp_path: Path, name: str) -> None:
    read = shop(tmp_path, f"name: {name}\nsuppliers: [{name}]\nshares: {{{name}: 1}}\n")
    assert (read.name, read.suppliers, list(read.shares)) == (name, [name], [name])


@pytest.mark.parametrize("name", ["null", "true", "~", "2024-01-01", "0x1F"])
def test_a_key_is_text_whatever_it_looks_like(tmp_path: Path, name: str) -> None:
    assert list(shop(tmp_path, f"shares:\n  {name}: 1\n").shares) == [name]


@pytest.mark.parametrize(
    ("written_as", "number"), [("500", 500), (".5", 0.5), ("1e3", 1000), ("-0.5", -0.5), ("+7", 7), ("0x1F", 31)]
)
def test_numbers_are_read_as_yaml_1_2_has_them(tmp_path: Path, written_as: str, number: float) -> None:
    assert shop(tmp_path, f"area_m2: {written_as}\n").area_m2 == number
    assert type(shop(tmp_path, f"area_m2: {written_as}\n").area_m2) is float


@pytest.mark.parametrize("written_as", ["0500", "1_000", "1:54", '"1,000"', "1,000", "1 000", "yes", "true", "on"])
@pytest.mark.parametrize("key", ["area_m2", "floors", "rent_usd"])
def test_what_may_be_meant_otherwise_is_refused_as_a_number(tmp_path: Path, key: str, written_as: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^file\.yaml: {key}: .*{written_as.strip(chr(34))}") as raised:
        shop(tmp_path, f"{key}: {written_as}\n")
    assert len(str(raised.value).splitlines()) == 1


def test_thousands_with_a_comma_between_braces_are_told_from_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 1: '000' follows a comma .*1000 for 1,000"):
        shop(tmp_path, "shares: {area: 1,000}\n")


def test_truth_values_are_those_that_people_write(tmp_path: Path) -> None:
    assert [shop(tmp_path, f"open: {text}\n").open for text in ("true", "FALSE", "yes", "no")] == [
        True,
        False,
        True,
        False,
    ]


def test_a_date_is_a_date_and_a_number_is_none(tmp_path: Path) -> None:
    assert shop(tmp_path, "since: 2024-02-29\n").since == date(2024, 2, 29)
    with pytest.raises(ConfigurationError, match="since: 2024 is a number; a date is wanted"):
        shop(tmp_path, "since: 2024\n")


def test_null_and_truth_values_are_no_names_unless_in_quotes(tmp_path: Path) -> None:
    assert shop(tmp_path, "suppliers: ['null', \"true\"]\n").suppliers == ["null", "true"]
    for text in ("null", "true"):
        with pytest.raises(ConfigurationError, match=r"suppliers\[0\]: .* quotes"):
            shop(tmp_path, f"suppliers: [{text}]\n")


def test_a_key_in_quotes_is_the_same_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 3: key '1' is written twice"):
        shop(tmp_path, "shares:\n  1: 1\n  '1': 2\n")


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Cs", "Zl", "Zp"], exclude_characters="\ufeff")
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_is_read_as_json_has_it(content: object) -> None:
    assert parse(json.dumps({"content": content}, ensure_ascii=False), "file.yaml") == {"content": content}


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        parse(text, "file.yaml")
    except ConfigurationError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - either outcome is right


@given(st.binary(max_size=40))
def test_any_bytes_are_text_or_refused_in_one_line(data: bytes) -> None:
    try:
        decoded(data, Path("file.yaml"))
    except ConfigurationError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017


def test_numbers_as_written_survive_a_copy_and_a_pickle() -> None:
    content = parse("a: 1e5\nb: 0x1F\n", "file.yaml")
    for copied in (pickle.loads(pickle.dumps(content)), copy.deepcopy(content)):
        assert (copied["a"], copied["a"].text, copied["b"], copied["b"].text) == (1e5, "1e5", 31, "0x1F")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes("name: Größe\n".encode(encoding))
    assert read_yaml(path) == {"name": "Größe"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: 1\nname: Größe\n".encode("cp1252"), r"line 2: byte 0xf6 .*'name: Größe'.*Windows-1252.*UTF-8"),
        ("name: Größe\n".encode("utf-16"), r"saved as UTF-16 .*save it as UTF-8"),
        ("name: Größe\n".encode("utf-16-le"), r"saved as UTF-16"),
        ("name: Größe\n".encode("utf-16-be"), r"saved as UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", r"not a text file"),
        (b"name: a\n\nname: \x1b[31m\n", r"line 3: holds the control character 0x1b"),
        (b"name: a\0b\n", r"line 1: holds the control character 0x00"),
        (b"a:\n\tb: 1\n", r"line 2, column 1.*spaces, not tabs"),
        (b"[" * 5000, r"too many levels|not valid YAML"),
    ],
)
def test_what_is_no_utf_8_text_is_refused_in_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=message) as raised:
        read_yaml(path)
    assert len(str(raised.value).splitlines()) == 1


def test_a_folder_is_told_from_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(ConfigurationError, match="is not a file"):
        locate("network", str(tmp_path / "a.yaml"))


def test_an_unknown_name_is_refused_with_the_names_that_ship() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"network: there is no 'karen'; allowed: .*kreen_eight, .*kreen_inside, .*two_warehouses",
    ):
        locate("network", "karen")


def test_the_path_of_a_file_works_wherever_a_name_does(tmp_path: Path) -> None:
    path = written(tmp_path, "a: 1\n")
    assert locate("network", str(path)) == path
    with pytest.raises(ConfigurationError, match=r"missing.yaml' does not exist"):
        locate("network", "missing.yaml")


def test_the_shipped_configurations_are_found() -> None:
    assert {"calibrated", "history"} <= set(available("demand"))
    assert {"kreen", "two_warehouses"} <= set(available("network"))
