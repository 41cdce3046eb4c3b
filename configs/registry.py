"""Things that a YAML or a command line names; a new one is one new file that registers itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

from entrepot.configs.loader import ConfigurationError

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries by name. Those that ship are imported when they are first asked for."""

    def __init__(self, shipped: Mapping[str, str] | None = None) -> None:
        """Args: modules by the names that they register."""
        self._entries: dict[str, T] = {}
        self._shipped = dict(shipped or {})

    def add(self, entry: T, *names: str) -> None:
        """Enter it under each of the names."""
        self._entries.update(dict.fromkeys(names, entry))

    def register(self, *names: str) -> Callable[[Any], Any]:
        """Decorate what is to be entered under the names."""

        def decorate(entry: Any) -> Any:
            self.add(entry, *names)
            return entry

        return decorate

    def names(self) -> list[str]:
        """Every name there is."""
        return sorted({*self._shipped, *self._entries})

    def find(self, name: Any) -> T | None:
        """The entry of a name; None if there is none."""
        if name in self._shipped and name not in self._entries:
            import_module(self._shipped[name])
        return self._entries.get(name)

    def named(self, name: Any, key: str) -> T:
        """The entry of a name.

        Args:
            name: as it was given.
            key: where it was given.

        Raises:
            ConfigurationError: there is none of the name; the message says what is allowed.
        """
        entry = self.find(name)
        if entry is None:
            raise ConfigurationError(f"{key}: {name!r}; allowed: {', '.join(self.names())}")
        return entry
