"""YAML as version 1.2 reads it (its core schema, yaml.org/spec/1.2.2 §10.3), with the text of each number kept.

PyYAML reads YAML 1.1, by which `NO` and `yes` are truth values, `0500` is 320 and `1:54` is 114. Here a plain scalar is
null, a truth value or a number only if 1.2 says so, a number with a leading zero is left as text, and a key is always
the text that stands there: `NA`, `NO`, `0012`, `1e5` and `null` are names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Self

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from entrepot.configs.errors import ConfigurationError

_NULL, _BOOL, _INT, _FLOAT, _MERGE, _TEXT = (
    f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "merge", "str")
)
_PATTERNS = (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    # Of integers those without leading zeros, which programs read as octal, as decimal or as names.
    (_INT, r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
    (_MERGE, r"<<", ["<"]),
)


class _Written:
    """A number with the text that a person wrote, which counts where it turns out to be a name."""

    text: str

    def __new__(cls, value: Any, text: str) -> Self:
        """Args: the number, and how it was written."""
        number = super().__new__(cls, value)  # type: ignore[call-arg]  # of the kind of number that comes after this class
        number.text = text
        return number

    def __getnewargs__(self) -> tuple[Any, str]:
        return +self, self.text  # type: ignore[operator]


class WrittenFloat(_Written, float):  # type: ignore[misc]
    """Such as `1e5`, `1.10`."""


class WrittenInt(_Written, int):  # type: ignore[misc]
    """A whole number that isn't written as Python writes it, such as `+5`, `0x1F`."""


class CoreLoader(yaml.SafeLoader):
    """Reads one document; a key written twice is refused, which plain YAML would silently let win."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way


for _tag, _pattern, _first in _PATTERNS:
    CoreLoader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _first)


def _integer(loader: CoreLoader, node: ScalarNode) -> int:
    text = str(node.value)
    try:
        value = int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)
    except ValueError as error:
        raise ConfigurationError(f"{_place(node)}: {text!r} is no whole number") from error
    return value if str(value) == text else WrittenInt(value, text)


def _float(loader: CoreLoader, node: ScalarNode) -> float:
    text = str(node.value)
    try:
        return WrittenFloat(float(re.sub(r"\.(?=inf|nan)", "", text.lower())), text)
    except ValueError as error:
        raise ConfigurationError(f"{_place(node)}: {text!r} is no number") from error


def _bool(loader: CoreLoader, node: ScalarNode) -> bool:
    return str(node.value).lower() == "true"


def _mapping(loader: CoreLoader, node: MappingNode) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for key, value in node.value:
        if key.tag == _MERGE:  # `<<`, whose keys may be written again
            continue
        if not isinstance(key, ScalarNode):
            shown = loader.construct_object(key, deep=True)
            raise ConfigurationError(f"{_place(key)}: {shown!r} can't be a key; allowed: a name or a number")
        if node.flow_style and _is_rest_of_a_number(key, value):
            raise ConfigurationError(
                f"{_place(key)}: {key.value!r} follows a comma and has no value; write a number of thousands without "
                "a comma (1000 for 1,000)"
            )
        if key.value in seen:
            raise ConfigurationError(f"{_place(key)}: key {key.value!r} is written twice")
        seen.add(key.value)
    loader.flatten_mapping(node)
    content: dict[str, Any] = {}
    yield content
    for key, value in node.value:
        content[str(key.value)] = loader.construct_object(value, deep=True)


def _is_rest_of_a_number(key: ScalarNode, value: Node) -> bool:
    """`{a: 1,000}` is `{a: 1, 000: null}` to YAML."""
    bare = isinstance(value, ScalarNode) and value.value == "" and value.style is None
    return bare and key.style is None and re.fullmatch(r"[0-9]{3}(\.[0-9]+)?", key.value) is not None


def _place(node: Node) -> str:
    return f"{node.start_mark.name}: line {node.start_mark.line + 1}"


CoreLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
CoreLoader.add_constructor(_INT, _integer)
CoreLoader.add_constructor(_FLOAT, _float)
CoreLoader.add_constructor(_BOOL, _bool)


def parse(text: str, source: str) -> Any:
    """The one document of a text.

    Args:
        text: YAML.
        source: the file to name in an error.

    Raises:
        ConfigurationError: it isn't YAML, or repeats a key; in one line.
    """
    try:
        loader = CoreLoader(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(_told(error, source)) from error
    loader.name = source
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise ConfigurationError(_told(error, source)) from error
    except RecursionError as error:
        raise ConfigurationError(f"{source}: not valid YAML: too many levels of nesting") from error
    finally:
        loader.dispose()


def _told(error: yaml.YAMLError, source: str) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"{source}: not valid YAML: {' '.join(str(error).split())}"
    mark = error.problem_mark or error.context_mark
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    problem = ", ".join(part for part in (error.context, error.problem) if part)
    hint = "; indent with spaces, not tabs" if "'\\t'" in problem else ""
    return f"{source}: not valid YAML{place}: {problem}{hint}"
