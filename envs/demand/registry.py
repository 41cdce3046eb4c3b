"""Demand models by the `kind` their YAML names; a new model is one new file that registers itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from entrepot.configs.loader import locate, read_yaml
from entrepot.configs.registry import Registry
from entrepot.envs.demand.model import DemandModel
from entrepot.envs.network.arrays import NetworkArrays

Builder = Callable[[Mapping[str, Any], NetworkArrays, str], DemandModel]

_KINDS = Registry[Builder]({kind: f"entrepot.envs.demand.{kind}" for kind in ("calibrated", "history", "stationary")})


def register_demand(kind: str) -> Callable[[Builder], Builder]:
    """Decorate a function ``(content, network, source) -> DemandModel`` so that YAML can name it."""
    return _KINDS.register(kind)


def demand_kinds() -> list[str]:
    """Every `kind` that a demand YAML may name."""
    return _KINDS.names()


def load_demand(
    name_or_content: str | Mapping[str, Any],
    network: NetworkArrays,
    *,
    path: str | Path | None = None,
    source: str | None = None,
) -> DemandModel:
    """Build a demand model.

    Args:
        name_or_content: a shipped name (``calibrated``, ``history``), the path of a YAML file, or its content.
        network: the network whose markets and SKUs are wanted.
        path: a sales history, in place of the content's own `path`.
        source: the file or argument to name in an error, where content is given.

    Raises:
        ConfigurationError: the source, the key, the value and what is allowed.
    """
    if isinstance(name_or_content, str):
        located = locate("demand", name_or_content)
        content, source = read_yaml(located), str(located)
    else:
        content, source = dict(name_or_content), source or "demand"
    kind = content.pop("kind", None)
    build = _KINDS.named(kind, f"{source}: kind")
    if path is not None:
        content["path"] = str(path)
    return build(content, network, source)
