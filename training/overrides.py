"""Overrides of an experiment as a shell gives them: names and paths are text, the rest is Hydra's grammar."""

from __future__ import annotations

import os
import re

PATHS = (
    "network",
    "demand",
    "demand.name",
    "demand.path",
    "disruption",
    "base_stock.path",
    "folder",
    "compute.storage",
)
TEXTS = (*PATHS, "run", "compute.address")
"""Keys whose values are taken as they are, whatever characters of Hydra's grammar they hold: `=`, `,`, `(`, `@`, ö."""
_QUOTED = re.compile(r"""(?P<quote>['"]).*(?P=quote)""", re.DOTALL)


def as_it_stands(override: str) -> str:
    """An override of which Hydra reads the value as text, where it is a name or a path.

    `null` stays Hydra's, and so does what is in quotes already. `~/` is the home folder, which shells leave there.
    """
    key, equals, value = override.partition("=")
    if not equals or key.lstrip("+") not in TEXTS or value == "null" or _QUOTED.fullmatch(value):
        return override
    return f"{key}='{_escaped(_at_home(key, value))}'"


def text_of(override: str) -> tuple[str, str]:
    """Key and value of an override whose value is a name or a path."""
    key, _, value = override.partition("=")
    return key, value[1:-1] if _QUOTED.fullmatch(value) else _at_home(key, value)


def _at_home(key: str, value: str) -> str:
    return os.path.expanduser(value) if key.lstrip("+") in PATHS and value.startswith("~/") else value


def _escaped(value: str) -> str:
    """Between single quotes, where Hydra takes a backslash as one only before a quote."""
    before_quotes = re.sub(r"(\\*)'", lambda found: found.group(1) * 2 + r"\'", value)
    return re.sub(r"(\\+)$", lambda found: found.group(1) * 2, before_quotes)
