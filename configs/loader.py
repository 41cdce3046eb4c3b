"""Find, read and validate the YAML that a person edits.

A configuration has a group (``network``, ``demand``, ``trainer``, …) and a name: ``network/kreen.yaml``
ships with the package, and a path to a file of one's own works wherever a name does.
"""

from __future__ import annotations

from collections.abc import Hashable
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class ConfigurationError(ValueError):
    """What a person wrote can't be used; the message says where, what, and what is allowed."""


class StrictModel(BaseModel):
    """Base of every typed configuration: unknown keys are refused, values can't change later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice, which plain YAML would silently let win."""


def _mapping_without_duplicates(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":  # `<<`, whose keys may be written again
            continue
        key = loader.construct_object(key_node, deep=True)
        place = f"{key_node.start_mark.name}: line {key_node.start_mark.line + 1}"
        if not isinstance(key, Hashable):
            raise ConfigurationError(f"{place}: {key!r} can't be a key; allowed: a name or a number")
        if key in seen:
            raise ConfigurationError(f"{place}: key {key!r} is written twice")
        seen.add(key)
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node, deep=True))


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)


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
            raise ConfigurationError(f"{group}: the file {name_or_path!r} does not exist")
        return path
    path = configuration_folder() / group / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(available(group))
        raise ConfigurationError(
            f"{group}: there is no {name_or_path!r}; allowed: {known}, or the path of a .yaml file"
        )
    return path


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one YAML file that holds a mapping.

    Raises:
        ConfigurationError: the file isn't YAML, isn't a mapping, or repeats a key.
    """
    with path.open(encoding="utf-8") as stream:
        loader = _UniqueKeyLoader(stream)
        try:
            content = loader.get_single_data()
        except yaml.YAMLError as error:
            raise ConfigurationError(f"{path}: not valid YAML: {error}") from error
        finally:
            loader.dispose()
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected keys and values, found {type(content).__name__}")
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
        return model.model_validate(content)
    except ValidationError as error:
        lines = [f"{source}: {_describe(problem, model)}" for problem in error.errors(include_url=False)]
        raise ConfigurationError("\n".join(lines)) from error


def _describe(problem: Any, model: type[BaseModel]) -> str:
    location = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
    key = location or "(whole file)"
    if problem["type"] == "extra_forbidden":
        allowed = _fields_at(model, problem["loc"][:-1])
        hint = f"; allowed: {', '.join(allowed)}" if allowed else ""
        return f"{key}: unknown key (value {problem['input']!r}){hint}"
    if problem["type"] == "missing":
        return f"{key}: missing; it must be given"
    message = str(problem["msg"]).removeprefix("Value error, ")
    shown = repr(problem["input"])
    shown = shown if len(shown) <= 80 else f"{shown[:77]}…"
    return f"{key}: {message} (found {shown})" if location else message


def _fields_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """Field names of the model that a location inside ``model`` leads to, as far as types tell."""
    current: Any = model
    for part in location:
        current = _step_into(current, part)
    found = _model_in(current)
    return sorted(found.model_fields) if found is not None else []


def _step_into(annotation: Any, part: Any) -> Any:
    """The type of what stands at a field's name, a mapping's key or a list's index."""
    model = _model_in(annotation)
    if model is not None:
        field = model.model_fields.get(part)
        return field.annotation if field is not None else None
    for kind in (annotation, *get_args(annotation)):  # the mapping or list itself, or one of a union
        if get_origin(kind) in (dict, list, tuple):
            return get_args(kind)[-1]
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The annotation itself if it is a model, or the model in ``Model | None`` and ``Annotated[Model, …]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (dict, list, tuple):
        return None
    models = [argument for argument in get_args(annotation) if isinstance(argument, type)]
    return next((argument for argument in models if issubclass(argument, BaseModel)), None)
