"""Demand models by the `kind` their YAML names; a new model is one new file that registers itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from entrepot.configs.loader import ConfigurationError, locate, read_yaml
from entrepot.envs.demand.model import DemandModel
from entrepot.envs.network.arrays import NetworkArrays

Builder = Callable[[Mapping[str, Any], NetworkArrays, str], DemandModel]

_BUILDERS: dict[str, Builder] = {}
_SHIPPED = ("calibrated", "history", "stationary")


def register_demand(kind: str) -> Callable[[Builder], Builder]:
    """Decorate a function ``(content, network, source) -> DemandModel`` so that YAML can name it."""

    def register(builder: Builder) -> Builder:
        _BUILDERS[kind] = builder
        return builder

    return register


def demand_kinds() -> list[str]:
    """Every `kind` that a demand YAML may name."""
    for module in _SHIPPED:
        import_module(f"entrepot.envs.demand.{module}")
    return sorted(_BUILDERS)


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
    if kind not in demand_kinds():
        raise ConfigurationError(f"{source}: kind: {kind!r}; allowed: {', '.join(demand_kinds())}")
    if path is not None:
        content["path"] = str(path)
    return _BUILDERS[kind](content, network, source)
