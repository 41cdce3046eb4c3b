"""Find, read and validate the YAML that a person edits.

A configuration has a group (``network``, ``demand``, ``trainer``, …) and a name: ``network/kreen.yaml``
ships with the package, and a path to a file of one's own works wherever a name does.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from entrepot.configs.core_schema import parse
from entrepot.configs.decoding import read_text
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.scalars import as_wanted, model_in, step_into

Model = TypeVar("Model", bound=BaseModel)

__all__ = [
    "ConfigurationError",
    "StrictModel",
    "available",
    "configuration_folder",
    "is_path",
    "locate",
    "read_yaml",
    "validate",
]


class StrictModel(BaseModel):
    """Base of every typed configuration: unknown keys are refused, values can't change later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def configuration_folder() -> Path:
    """The folder that holds the YAML files which ship with the package."""
    return Path(str(files("entrepot.configs")))


def available(group: str) -> list[str]:
    """Names of the configurations that ship in a group, for example ``classic/dual_sourcing``."""
    folder = configuration_folder() / group
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def is_path(name_or_path: str) -> bool:
    """Whether a user means a file of their own rather than a name that ships with the package."""
    return name_or_path.endswith((".yaml", ".yml"))


def locate(group: str, name_or_path: str) -> Path:
    """Path of a configuration by name, or of a user's own file.

    Raises:
        ConfigurationError: nothing of that name ships in the group, or the file doesn't exist.
    """
    if is_path(name_or_path):
        path = Path(name_or_path)
        if not path.is_file():
            why = "is not a file" if path.exists() else "does not exist"
            raise ConfigurationError(f"{group}: the file {name_or_path!r} {why}")
        return path
    path = configuration_folder() / group / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(available(group))
        raise ConfigurationError(
            f"{group}: there is no {name_or_path!r}; allowed: {known}, or the path of a .yaml file"
        )
    return path


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping, by YAML 1.2's core schema.

    Raises:
        ConfigurationError: the file can't be read, isn't YAML in UTF-8, isn't a mapping, or repeats a key.
    """
    content = parse(read_text(path), str(path))
    if not isinstance(content, dict):
        found = "nothing" if content is None else f"a {type(content).__name__}"
        raise ConfigurationError(f"{path}: expected keys and values, found {found}")
    return content


def validate(model: type[Model], content: dict[str, Any], source: str | Path) -> Model:
    """Turn a mapping into a typed model, with errors a person can act on.

    Args:
        model: the pydantic model to fill.
        content: keys and values as read.
        source: the file or command-line argument to name in an error.

    Raises:
        ConfigurationError: one line for each problem: source, key, value, and what is allowed.
    """
    try:
        wanted, unlike = as_wanted(content, model)
    except RecursionError as error:
        raise ConfigurationError(f"{source}: a value holds itself (`*`), or too many levels") from error
    problems = [f"{_key(location)}: {why}" for location, why in unlike]
    told = {location for location, _ in unlike}
    try:
        filled = model.model_validate(wanted)
    except ValidationError as error:
        # Of a union's members each has its own problem, below the value's own place.
        found = [one for one in error.errors(include_url=False) if not _begins_with_any(one["loc"], told)]
        problems += [_describe(problem, model) for problem in found]
        if not problems:
            raise ConfigurationError(f"{source}: {_one_line(str(error))}") from error
        raise _refused(problems, source) from None  # which tells the same, less plainly
    if problems:
        raise _refused(problems, source)
    return filled


def _refused(problems: list[str], source: str | Path) -> ConfigurationError:
    return ConfigurationError("\n".join(f"{source}: {_one_line(problem)}" for problem in problems))


def _begins_with_any(location: tuple[Any, ...], others: set[tuple[Any, ...]]) -> bool:
    return any(location[: len(other)] == other for other in others)


def _one_line(text: str) -> str:
    """Names and values may hold anything, line breaks and control characters among it."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _key(location: tuple[Any, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _describe(problem: Any, model: type[BaseModel]) -> str:
    location = _key(problem["loc"])
    key = location or "(whole file)"
    if problem["type"] == "extra_forbidden":
        allowed = _fields_at(model, problem["loc"][:-1])
        hint = f"; allowed: {', '.join(allowed)}" if allowed else ""
        return f"{key}: unknown key (value {problem['input']!r}){hint}"
    if problem["type"] == "missing":
        return f"{key}: missing; it must be given"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "string_type" and problem["input"] is None:
        message = "null is nothing; a text is wanted, in quotes if it is called null"
    shown = repr(problem["input"])
    shown = shown if len(shown) <= 80 else f"{shown[:77]}…"
    return f"{key}: {message} (found {shown})" if location else message


def _fields_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """Field names of the model that a location inside ``model`` leads to, as far as types tell."""
    current: Any = model
    for part in location:
        current = step_into(current, part)
    found = model_in(current)
    return sorted(found.model_fields) if found is not None else []
