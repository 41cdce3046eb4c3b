"""Rules that can be tuned, by the `kind` that their YAML names; a new one is a file here, found by being there."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from entrepot.agents import rules
from entrepot.agents.rules.rule import RULES, TunableRule


def rule_kinds() -> list[str]:
    """Every `kind` that a rule's YAML may name."""
    _import_all()
    return RULES.names()


def rule_named(kind: str, key: str) -> type[TunableRule]:
    """The rule of a kind.

    Args:
        kind: as it was given.
        key: where it was given.

    Raises:
        ConfigurationError: there is none of that kind.
    """
    _import_all()
    return RULES.named(kind, key)


@cache
def _import_all() -> None:
    for module in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{module.name}")
