"""An opening into a store, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import Clock
from entrepot.scheduler.events.envelope import Event
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.writer import Transaction, Writer


def write_opening(folder: Path, places: Places, clock: Clock, events: list[Event], store: str | None = None) -> int:
    """Take all events of an opening in one transaction.

    Args:
        folder: of the store; no server may hold it.
        places: of the network.
        clock: for the time of receipt.
        events: without anything wrong.
        store: URL of a PostgreSQL database; a file in the folder if None.

    Returns:
        How many were new; 0 where the same opening was taken before.

    Raises:
        ConfigurationError: one of them isn't taken, so that none is; or the folder is held.
    """

    def work(turn: Transaction) -> int:
        new = 0
        for event in events:
            answer = turn.take(event)
            if answer.outcome == "conflict":
                raise ConfigurationError(
                    "an opening of the same time with other content was taken before; give the time of the new count "
                    "(as_of, --as-of)"
                )
            if answer.outcome == "quarantined":
                raise ConfigurationError(f"event {event.key.sequence}: {answer.rule}: {answer.message}")
            new += answer.outcome == "accepted"
        return new

    writer = Writer(folder, places, clock, most_waiting=len(events) + 1, store=store)
    try:
        return writer.submit(work, len(events)).result()
    finally:
        writer.close()
