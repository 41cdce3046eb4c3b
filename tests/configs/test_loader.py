from pathlib import Path

import pytest
from pydantic import Field, ValidationError

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


def test_an_unknown_name_is_refused_with_the_names_that_ship() -> None:
    with pytest.raises(
        ConfigurationError, match=r"network: there is no 'karen'; allowed: .*kreen, kreen_eight, two_warehouses"
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
