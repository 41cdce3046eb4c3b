"""A store must stay open to later code, though the events before its base are gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import SimulatedClock, microseconds
from entrepot.scheduler.mirror import Mirror, formats
from entrepot.scheduler.mirror.mirror import FORMAT
from entrepot.scheduler.store import recovery
from entrepot.scheduler.store.folder import MIRROR
from entrepot.scheduler.store.retention import Retention
from entrepot.scheduler.store.writer import Writer
from tests.scheduler.test_retention import HORIZON, NOW, lived, mirror_of
from tests.scheduler.told import places

KEPT = Path(__file__).parent / "formats"
"""`FORMAT.msgpack`: what a mirror of that format kept. Never written anew; a new format adds a file of its own."""


def of_today() -> Mirror:
    mirror = mirror_of(lived(30))
    mirror.forget(microseconds(HORIZON - timedelta(days=20)))
    return mirror


def test_every_format_that_ever_was_is_read_and_has_a_step_to_the_next() -> None:
    every = range(formats.OLDEST, FORMAT + 1)
    assert set(formats.STEPS) == set(every[:-1])
    assert {int(path.stem) for path in KEPT.glob("*.msgpack")} == set(every)  # python -m tests.scheduler.test_formats
    for form in every:
        dump = formats.read_dump((KEPT / f"{form}.msgpack").read_bytes(), form)
        assert Mirror(places(), dump).digest() == of_today().digest(), (
            f"what is kept has changed: raise FORMAT ({form})"
        )


def test_a_base_of_another_format_is_refused_only_where_its_events_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, events = SimulatedClock(NOW), lived(30)
    writer = Writer(tmp_path, places(), clock)
    for first in range(0, len(events), 200):
        writer.take(events[first : first + 200]).result()
    digest = writer.submit(lambda turn: turn.mirror.digest()).result()
    monkeypatch.setattr(recovery, "FORMAT", 3)
    clock.advance(timedelta(days=30))
    Retention(writer, clock, timedelta(days=89)).sum_up(HORIZON)
    writer.close()
    again = Writer(tmp_path, places(), clock)  # as if a version before had written it
    assert again.submit(lambda turn: turn.mirror.digest()).result() == digest  # folded anew
    again.close()
    (tmp_path / MIRROR).unlink()
    clock.advance(timedelta(days=31))
    again = Writer(tmp_path, places(), clock)
    again.submit(lambda turn: turn.connection.execute("UPDATE events SET body = x''")).result()
    again.close()
    (tmp_path / MIRROR).unlink()
    with pytest.raises(ConfigurationError, match=r"format 3; this code reads 4 .* use the version that wrote it"):
        Writer(tmp_path, places(), clock)


def write() -> None:
    """Keep a mirror of the present format, where there is none of it yet."""
    path = KEPT / f"{FORMAT}.msgpack"
    KEPT.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(msgspec.msgpack.encode(of_today().dump()))


if __name__ == "__main__":
    write()
