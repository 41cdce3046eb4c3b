"""The one writer: a thread that commits what many ask for in groups, and answers only after the commit."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from entrepot.configs.errors import EntrepotError
from entrepot.scheduler.clock import Clock, microseconds
from entrepot.scheduler.events.envelope import Broken, Event
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.folder import Hold, StoreError, connect_to_write
from entrepot.scheduler.store.log import Answer, Taken, replay, take
from entrepot.scheduler.store.port import Connection
from entrepot.scheduler.store.recovery import Packed, Recovery, add_base, packed, recover

Result = TypeVar("Result")

GROUP_SECONDS = 0.003
"""So long a group waits for more to come; what it costs is far less than a commit of its own for each."""
GROUP_EVENTS = 2_000
MOST_WAITING = 20_000
KEEP_EVERY = 50_000
"""Events after which the mirror is kept anew, so that a restart after a kill has little more than these to replay."""
KEEP_SHARE = 0.02
"""Of the time that keeping may take; a mirror that is large is kept less often."""
log = logging.getLogger(__name__)


class QueueFullError(EntrepotError):
    """More is waiting to be written than may; nothing of the request was taken. Try again later."""

    exit_code = 1


@dataclass
class Transaction:
    """What a piece of work may do while it is the writer's turn; what it raises undoes what it did, and no more."""

    connection: Connection
    mirror: Mirror  # as of the last commit; read it, don't change it
    now: int  # microseconds since 1970-01-01 UTC
    taken: list[Taken] = field(default_factory=list)
    earlier: Sequence[Taken] = ()  # by other work of the same group, which the mirror doesn't have yet

    def take(self, found: Event | Broken) -> Answer:
        """Add one event to the log; the mirror has it once the group is committed."""
        return self.take_all([found])[0]

    def take_all(self, found: Sequence[Event | Broken]) -> list[Answer]:
        """The same of many."""
        answers, taken = take(self.connection, self.mirror, found, self.now)
        self.taken.extend(taken)
        return answers

    def note(self, by: str, what: str, about: str) -> None:
        """Write into the audit table."""
        self.connection.execute(
            "INSERT INTO audit (made, by, what, about) VALUES (?, ?, ?, ?)", (self.now, by, what, about)
        )


@dataclass
class _Job:
    work: Callable[[Transaction], Any]
    weight: int
    future: Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass
class Forgetting:
    """What `Writer.forget` asks for."""

    horizon: int
    future: Future[int]


class Writer:
    """Of one folder. Close it, or let it be killed: what was answered is there again."""

    def __init__(
        self,
        folder: Path,
        places: Places,
        clock: Clock,
        *,
        most_waiting: int = MOST_WAITING,
        keep_every: int = KEEP_EVERY,
        store: str | None = None,
    ) -> None:
        """Take the folder, recover the mirror and begin to write.

        Args:
            folder: of the store.
            places: of the network.
            clock: for the time at which events are received.
            most_waiting: events that may wait to be written.
            keep_every: events after which the mirror is kept anew.
            store: URL of a PostgreSQL database; a file in the folder if None.

        Raises:
            ConfigurationError: another process writes there, or the store can't be read by this version.
        """
        self.folder, self._clock, self._most_waiting = folder, clock, most_waiting
        self._hold = Hold(folder)
        try:
            self._connection = connect_to_write(folder, store)
            try:
                self._mirror, self.recovery = recover(self._connection, folder, places)
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._hold.release()
            raise
        self._jobs: queue.Queue[_Job | Forgetting | None] = queue.Queue()
        self._set_aside: Forgetting | None = None
        self._turn: Sequence[_Job | Forgetting] = ()  # what is being written
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = False
        self.trouble: str | None = None  # why the last group wasn't written, until one is
        self._broken: str | None = None  # why none is written any more
        self._keep_every = keep_every
        self._kept_at = self.recovery.kept  # what a start replayed, the next one shall not replay, too
        self._keep_rests_until = 0.0
        self._keeping: Future[None] | None = None
        self._not_kept = False  # the last time that it should have been
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="entrepot-keeper")
        self._thread = threading.Thread(target=self._write, name="entrepot-writer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it writes."""
        return self._thread.is_alive() and not self._closed and self._broken is None

    @property
    def waiting(self) -> int:
        """Events that wait to be written."""
        return self._waiting

    @property
    def position(self) -> int:
        """Of the last event that is committed and in the mirror."""
        return self._mirror.position

    @property
    def places(self) -> Places:
        """Of the network."""
        return self._mirror.places

    def submit(self, work: Callable[[Transaction], Result], weight: int = 0) -> Future[Result]:
        """Have work done in the writer's turn; the future is done once what it did is committed.

        Args:
            work: quick, as everybody waits for it.
            weight: how many events of sources it writes; what is none of theirs is never refused for their number.

        Raises:
            QueueFullError: too much is waiting.
            StoreError: the writer was closed or has failed.
        """
        job = _Job(work, weight, _running())
        with self._lock:
            if self._closed or self._broken is not None:
                raise StoreError(f"store: nothing is written any more ({self._broken or 'closed'})")
            if self._waiting + weight > self._most_waiting:
                raise QueueFullError(f"store: {self._waiting} events wait to be written; try again in a second")
            self._waiting += weight
            self._jobs.put(job)
        return job.future

    def take(self, found: Sequence[Event | Broken]) -> Future[list[Answer]]:
        """Add events to the log.

        Raises:
            QueueFullError, StoreError: as `submit`.
        """
        return self.submit(lambda turn: turn.take_all(found), len(found))

    def forget(self, horizon: int) -> Future[int]:
        """Keep of everything until a time what decisions ask for, in a base that a restart begins from.

        Args:
            horizon: microseconds since 1970-01-01 UTC.

        Returns:
            The position of the base.

        Raises:
            StoreError: as `submit`.
        """
        wanted = Forgetting(horizon, _running())
        with self._lock:
            if self._closed or self._broken is not None:
                raise StoreError(f"store: nothing is written any more ({self._broken or 'closed'})")
            self._jobs.put(wanted)
        return wanted.future

    def close(self) -> None:
        """Write what waits, keep the mirror, let go of the folder."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        with ExitStack() as last:  # whatever fails, the folder is free for another server
            last.callback(self._hold.release)
            last.callback(self._connection.close)
            last.callback(self._keeper.shutdown)
            last.callback(self._kept)
            if self._broken is None:
                self._kept()
                self._keep(anyway=self._not_kept)

    def _write(self) -> None:
        try:
            self._turns()
        except BaseException as error:  # a bug: nobody may wait for a thread that is gone
            log.exception("the writer has failed")
            self._fail(f"the writer has failed: {error!r}")

    def _fail(self, why: str) -> None:
        with self._lock:
            self._broken = why
            left: list[_Job | Forgetting | None] = [*self._turn, self._set_aside]
            while not self._jobs.empty():
                left.append(self._jobs.get())
        for one in left:
            if one is not None and not one.future.done():
                one.future.set_exception(StoreError(f"store: nothing is written any more ({why})"))

    def _turns(self) -> None:
        while (job := self._next()) is not None:
            self._turn = [job]
            if isinstance(job, Forgetting):
                self._forget(job)
                continue
            group, last = self._group(job)
            self._turn = group
            self._commit(group)
            with self._lock:
                self._waiting -= sum(one.weight for one in group)
            if last:
                return

    def _next(self) -> _Job | Forgetting | None:
        if self._set_aside is not None:
            found, self._set_aside = self._set_aside, None
            return found
        return self._jobs.get()

    def _group(self, first: _Job) -> tuple[list[_Job], bool]:
        """More that came within a few milliseconds; whether it is the last."""
        group, weight, until = [first], first.weight, time.monotonic() + GROUP_SECONDS
        while weight < GROUP_EVENTS:
            try:
                job = self._jobs.get(timeout=max(until - time.monotonic(), 0))
            except queue.Empty:
                break
            if job is None:
                return group, True
            if isinstance(job, Forgetting):  # once this group is committed
                self._set_aside = job
                return group, False
            group.append(job)
            weight += job.weight
        return group, False

    def _commit(self, group: list[_Job]) -> None:
        taken: list[Taken] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            if self.trouble is not None:  # whether the last group was committed nobody told: what was is in the log
                replay(self._connection, self._mirror)
            now = microseconds(self._clock.now())
            for job in group:
                turn = Transaction(self._connection, self._mirror, now, earlier=taken)
                self._connection.execute("SAVEPOINT job")
                try:
                    job.result = job.work(turn)
                    taken.extend(turn.taken)
                except sqlite3.OperationalError:
                    raise  # of the disk, not of the work
                except Exception as error:
                    job.error = error
                    self._connection.execute("ROLLBACK TO job")
                self._connection.execute("RELEASE job")
            self._connection.execute("COMMIT")
        except Exception as error:
            self._undo(group, error)
            return
        self.trouble = None
        try:
            for one in taken:
                self._mirror.apply(one.event, one.target)
                self._mirror.position = one.position
        except Exception as error:  # a bug: what is committed can't be told any more, so nothing more is taken
            self._broken = f"the mirror can't follow the log: {error!r}"
            log.exception("the mirror can't follow the log")
        for job in group:
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)
        if self._mirror.position - self._kept_at >= self._keep_every and time.monotonic() >= self._keep_rests_until:
            self._keep()

    def _forget(self, wanted: Forgetting) -> None:
        """In the writer's own turn, as it changes the mirror and the store together."""
        try:
            now = microseconds(self._clock.now())
            self._connection.execute("BEGIN IMMEDIATE")
            self._mirror.forget(wanted.horizon)
            add_base(self._connection, self._mirror, now)
            self._connection.execute("COMMIT")
            self._kept()
            self._keep(anyway=True)
        except Exception as error:
            # The mirror knows less than the store, and is asked for no more than it knows; the next time keeps it.
            log.exception("what is old was not summed up")
            self.trouble = str(error)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            wanted.future.set_exception(StoreError(f"store: not summed up ({error})"))
        else:
            wanted.future.set_result(self._mirror.position)

    def _undo(self, group: list[_Job], error: Exception) -> None:
        self.trouble = str(error)
        log.error("a group of %d was not written: %s", len(group), error)
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as worse:
            self._broken = str(worse)
        for job in group:
            job.future.set_exception(StoreError(f"store: not written ({error}); nothing of it was taken"))

    def _keep(self, *, anyway: bool = False) -> None:
        """Have the mirror kept; hashing and writing it keep nobody waiting."""
        busy = self._keeping is not None and not self._keeping.done()
        if busy or (self._mirror.position == self._kept_at and not anyway):
            return
        begun = time.monotonic()
        try:
            found = packed(self._connection, self._mirror)
        except Exception as error:  # a restart replays more, and loses nothing
            self._unkept(error)
            return
        self._keep_rests_until = begun + (time.monotonic() - begun) / KEEP_SHARE
        self._kept_at = found.position
        self._keeping = self._keeper.submit(self._write_down, found)

    def _kept(self) -> None:
        """Wait until what is to be kept is."""
        if self._keeping is not None:
            self._keeping.result()

    def _write_down(self, found: Packed) -> None:
        try:
            found.keep(self.folder)
            self._not_kept = False
        except Exception as error:  # of the disk, of memory or of a bug: the log has it all
            self._unkept(error)

    def _unkept(self, error: Exception) -> None:
        self._not_kept = True
        expected = isinstance(error, OSError | sqlite3.Error)
        log.error("the mirror was not kept: %s", error, exc_info=None if expected else error)


def _running() -> Future[Any]:
    """One that whoever waits for it can't cancel: what it stands for is done in any case."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


__all__ = ["QueueFullError", "Recovery", "Transaction", "Writer"]
