"""What `configs/disruption/*.yaml` may say: a name, and events by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from entrepot.configs.loader import ConfigurationError, StrictModel, locate, read_yaml, validate
from entrepot.envs.network.disruption.kinds import KINDS, Event

KIND = "kind"


class _Head(StrictModel):
    """The file's own keys."""

    name: str
    title: str = ""
    events: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]


@dataclass(frozen=True)
class DisruptionDescription:
    """Events that befall a network, by name."""

    name: str
    title: str
    events: Mapping[str, Event]

    @property
    def dated(self) -> bool:
        """Whether any event comes by the calendar."""
        return any(event.dates for event in self.events.values())

    def started_on(self, day: int) -> DisruptionDescription:
        """The same that comes once, its first event on a day of the scenario, the others as long after it as ever.

        An event that comes at a rate starts with the first; one of the calendar comes on the first of its dates from
        that day on, and on no other.

        Args:
            day: counted from the scenario's first day.
        """
        fixed = {name: event.starts for name, event in self.events.items() if isinstance(event.starts, int)}
        earliest = min((start + self.events[name].offset_days for name, start in fixed.items()), default=0)
        moved = {}
        for name, event in self.events.items():
            if event.dates:
                moved[name] = event.once_from(day)
                continue
            start = fixed.get(name, earliest)
            moved[name] = event.model_copy(update={"starts": day + start - earliest, "rate_per_year": None})
        return replace(self, events={**self.events, **moved})

    def content(self) -> dict[str, Any]:
        """Plain values, to tell one from another."""
        return {
            "name": self.name,
            "events": {
                name: {KIND: kind_of(event), **event.model_dump(mode="json")} for name, event in self.events.items()
            },
        }


def kind_of(event: Event) -> str:
    """The `kind` that a YAML names."""
    return next(name for name in KINDS.names() if KINDS.find(name) is type(event))


def load_disruption(name_or_path: str) -> DisruptionDescription:
    """Load and validate a disruption.

    Args:
        name_or_path: one that ships with the package (``suez_to_cape``), or the path of a YAML file.

    Raises:
        ConfigurationError: the file, the key, the value, and what is allowed.
    """
    path = locate("disruption", name_or_path)
    return disruption_from(read_yaml(path), source=str(path))


def disruption_from(content: Mapping[str, Any], *, source: str) -> DisruptionDescription:
    """Validate a disruption that has been read already.

    Args:
        content: keys and values as in a disruption's YAML.
        source: the file or argument to name in an error.

    Raises:
        ConfigurationError: the source, the key, the value, and what is allowed.
    """
    head = validate(_Head, dict(content), source)
    if not head.name.isprintable() or not head.name.strip():
        raise ConfigurationError(f"{source}: name: {head.name!r} is no name")
    events = {}
    for name, described in head.events.items():
        key = f"{source}: events.{name}"
        kind = KINDS.named(described.get(KIND), f"{key}.kind")
        rest = {key: value for key, value in described.items() if key != KIND}
        events[name] = validate(kind, rest, key)
    return DisruptionDescription(head.name, head.title, events)
