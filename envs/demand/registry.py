"""Demand models by the `kind` their YAML names; a new model is one new file that registers itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from entrepot.configs.loader import locate, read_yaml
from entrepot.configs.registry import Registry
from entrepot.envs.demand.model import DemandModel
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.drawn import drawn_named

UNSET = "???"
"""What a YAML says where a person must fill in a value."""

Builder = Callable[[Mapping[str, Any], NetworkArrays, str], DemandModel]

_KINDS = Registry[Builder]({kind: f"entrepot.envs.demand.{kind}" for kind in ("calibrated", "history", "stationary")})


def register_demand(kind: str) -> Callable[[Builder], Builder]:
    """Decorate a function ``(content, network, source) -> DemandModel`` so that YAML can name it."""
    return _KINDS.register(kind)


def demand_kinds() -> list[str]:
    """Every `kind` that a demand YAML may name."""
    return _KINDS.names()


def read_demand(name_or_path: str) -> tuple[dict[str, Any], str]:
    """Read a demand YAML; a `path` in it is relative to the YAML's own folder, whatever the current one is.

    Args:
        name_or_path: a shipped name (``calibrated``, ``history``), a draw of a distribution of random networks
            (``random-7``: the demand that was drawn with the network), or the path of a YAML file.

    Returns:
        Keys and values, with an absolute `path` if there is one; and the file to name in an error.

    Raises:
        ConfigurationError: there is no such file, or it holds no keys and values.
    """
    drawn = drawn_named(name_or_path)
    if drawn is not None:
        return dict(drawn.demand), name_or_path
    located = locate("demand", name_or_path)
    content = read_yaml(located)
    path = content.get("path")
    if isinstance(path, str) and path != UNSET:
        content["path"] = str(located.resolve().parent / path)
    return content, str(located)


def load_demand(
    name_or_content: str | Mapping[str, Any],
    network: NetworkArrays,
    *,
    path: str | Path | None = None,
    source: str | None = None,
) -> DemandModel:
    """Build a demand model.

    Args:
        name_or_content: as in `read_demand`; or content, in which a `path` is relative to the current folder.
        network: the network whose markets and SKUs are wanted.
        path: a sales history, in place of the content's own `path`.
        source: the file or argument to name in an error, where content is given.

    Raises:
        ConfigurationError: the source, the key, the value and what is allowed.
    """
    if isinstance(name_or_content, str):
        content, source = read_demand(name_or_content)
    else:
        content, source = dict(name_or_content), source or "demand"
    kind = content.pop("kind", None)
    build = _KINDS.named(kind, f"{source}: kind")
    if path is not None:
        content["path"] = str(path)
    return build(content, network, source)
