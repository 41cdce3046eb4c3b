"""What environments' arguments may be, where that takes more than a type."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from entrepot.configs.loader import ConfigurationError

EPISODE_DAYS = 180
AGENT_NAMES = ("warehouses", "numbered")


def whole(name: str, value: Any, least: int) -> int:
    """The value, if it is a whole number from the least on.

    Raises:
        ConfigurationError: it is not.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ConfigurationError(f"{name}: {value!r}; allowed: whole numbers from {least}")
    return int(value)


def days_of(episode_days: int | None, max_cycles: int | None) -> int:
    """Of two words for the days of an episode, the one that was said.

    Raises:
        ConfigurationError: both were, and differ; or the number is out of range.
    """
    if max_cycles is None:
        return whole("episode_days", EPISODE_DAYS if episode_days is None else episode_days, 1)
    if episode_days not in (None, max_cycles):
        raise ConfigurationError(f"max_cycles: {max_cycles!r}; allowed with episode_days={episode_days!r}: the same")
    return whole("max_cycles", max_cycles, 1)


def agent_names_of(naming: str, warehouses: Sequence[str]) -> list[str]:
    """What agents are called, in the order of the network's warehouses.

    Raises:
        ConfigurationError: there is no such way of naming.
    """
    if naming not in AGENT_NAMES:
        raise ConfigurationError(f"agent_names: {naming!r}; allowed: {', '.join(AGENT_NAMES)}")
    return [f"warehouse_{index}" for index in range(len(warehouses))] if naming == "numbered" else list(warehouses)
