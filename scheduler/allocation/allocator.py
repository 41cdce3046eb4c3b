"""Allocating sales: solved beside the writer, reserved in its turn if what it was solved for still holds."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.allocation import kept
from entrepot.scheduler.allocation.costs import Posed, posed
from entrepot.scheduler.allocation.free import free_units, touched
from entrepot.scheduler.allocation.kept import Allocated, Left, Part
from entrepot.scheduler.allocation.problem import Floats
from entrepot.scheduler.allocation.solve import Answer, solved
from entrepot.scheduler.allocation.terms import Terms
from entrepot.scheduler.allocation.value import value_of_a_unit
from entrepot.scheduler.clock import Clock, moment_of
from entrepot.scheduler.decisions.kept import UnknownError
from entrepot.scheduler.events.data import Allocation, AllocationLine, Sale
from entrepot.scheduler.events.envelope import Key, written
from entrepot.scheduler.events.quantities import MILLION, millionths
from entrepot.scheduler.metrics import Metrics
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.demand import Waiting
from entrepot.scheduler.mirror.sources import OWN
from entrepot.scheduler.places import Places
from entrepot.scheduler.store.folder import StoreError
from entrepot.scheduler.store.log import next_sequence
from entrepot.scheduler.store.writer import Transaction, Writer

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 5
AT_ONCE = 50
"""Sales of one turn of allocating by itself."""
Snapshot = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Seen:
    """What an allocation is solved for."""

    sale: Sale
    waiting: list[Waiting]
    free: NDArray[np.int64]  # [N, S] millionths


class Allocator:
    """One at a time, whoever asks."""

    def __init__(
        self,
        writer: Writer,
        terms: Terms,
        clock: Clock,
        metrics: Metrics,
        latest: Callable[[], Snapshot | None],
        *,
        reserves: bool,
    ) -> None:
        """Args: parts of a scheduler; `latest` tells the snapshot of the latest plan; nothing is kept in shadow."""
        terms.check(writer.places)
        self._writer, self.terms, self._clock, self._metrics = writer, terms, clock, metrics
        self._latest, self._reserves = latest, reserves
        self._lock = threading.Lock()

    @property
    def places(self) -> Places:
        """Of the network."""
        return self._writer.places

    def tick(self) -> int:
        """Allocate sales that wait and of which something is free, the oldest first; how many were."""
        if not (self.terms.by_itself and self._reserves):
            return 0
        done = 0
        for name in self._writer.submit(self._to_do).result():
            try:
                done += bool(self.allocate(name).parts)
            except UnknownError:  # closed, or allocated by somebody else, since
                continue
            except StoreError:
                raise
            except Exception:  # one sale must not keep the others waiting
                log.exception("sale %r was not allocated", name)
        return done

    def allocate(self, name: str, *, preview: bool = False) -> Allocated:
        """Serve a sale's units that wait, as far as they are free.

        Args:
            name: of the sale.
            preview: reserve nothing.

        Raises:
            UnknownError: there is no such sale, nothing of it waits, or stock kept changing.
        """
        with self._lock:
            for _ in range(MOST_ATTEMPTS):
                seen = self._writer.submit(lambda turn: self.see(turn.mirror, name)).result()
                found, remarks = self._posed(seen)
                made = self._told(seen, found, solved(found.problem, self.terms.cap_seconds), remarks)
                if preview or not self._reserves or not made.parts:
                    return made
                reserve = partial(self.reserve, seen=seen, made=made)
                if (done := self._writer.submit(reserve).result()) is not None:
                    self._metrics.allocations.labels("reserved").inc()
                    return done
                self._metrics.allocations.labels("overtaken").inc()
        raise UnknownError(f"sale {name!r}: its stock changed {MOST_ATTEMPTS} times while it was allocated; try again")

    def withdraw(self, name: str, by: str) -> None:
        """Let go of what is reserved for a sale and not picked.

        Raises:
            UnknownError: nothing is.
        """

        def work(turn: Transaction) -> None:
            before = turn.mirror.demand.allocations.get(name)
            if before is None or not before.lines or touched(turn, name, set()):
                raise UnknownError(f"sale {name!r}: nothing is reserved for it")
            lines = self._picked_beyond(turn.mirror, name, [])
            _take(turn, Allocation(sale=name, lines=lines, revision=before.revision + 1))
            turn.note(by, "allocation withdrawn", name)

        with self._lock:
            self._writer.submit(work).result()

    def _to_do(self, turn: Transaction) -> list[str]:
        mirror = turn.mirror
        names = mirror.demand.unallocated()
        if not names:
            return []
        free, arrays = free_units(mirror, moment_of(turn.now)), self.places.names.arrays
        reach = np.zeros((len(arrays.markets), len(arrays.skus)), np.bool_)
        for nodes, exists in zip(arrays.option.node, arrays.option.exists, strict=True):
            reach |= (free[nodes] > 0) & exists[:, None]
        wanted = []
        for name in names:
            parts = mirror.demand.waiting_of(name)
            if any(part.node is None and reach[part.market, part.sku] for part in parts):
                sale = mirror.demand.sales.get(name)
                assert sale is not None
                wanted.append((sale.ordered, name))
        return [name for _, name in sorted(wanted)[:AT_ONCE]]

    def see(self, mirror: Mirror, name: str) -> Seen:
        """What an allocation of a sale is to be solved for; in the writer's turn.

        Raises:
            UnknownError: there is no such sale, or nothing of it waits.
        """
        sale = mirror.demand.sales.get(name)
        if sale is None:
            raise UnknownError(f"sale {name!r}: there is none")
        waiting = [part for part in mirror.demand.waiting_of(name) if part.node is None]
        if not waiting:
            raise UnknownError(f"sale {name!r}: nothing of it waits for stock")
        return Seen(sale, waiting, free_units(mirror, self._clock.now()))

    def _posed(self, seen: Seen) -> tuple[Posed, list[str]]:
        snapshot, remarks = self._latest(), []
        arrays = self.places.names.arrays
        value: Floats = np.zeros((len(arrays.nodes), len(arrays.skus)))
        if snapshot is None:
            remarks.append("what a unit is worth where it lies is not known before the first plan, and taken to be 0")
        else:
            value = value_of_a_unit(arrays, snapshot)
        wanted = {part.sku: part.units for part in seen.waiting}
        return posed(self.places, seen.sale, wanted, seen.free, value, self.terms, self._clock.now()), remarks

    def _told(self, seen: Seen, found: Posed, answer: Answer, remarks: list[str]) -> Allocated:
        arrays = self.places.names.arrays
        shipped = answer.shipped if self.places.divisible else np.rint(answer.shipped)
        parts = [
            Part(
                sku=arrays.skus[found.skus[line]],
                node=arrays.nodes[found.nodes[way]],
                units=float(shipped[line, way]),
                usd_per_unit=float(found.problem.usd[line, way]),
                arrives_in_days=int(found.arrival_days[way]),
                late_days=int(found.late_days[way]),
            )
            for line, way in np.argwhere(shipped > 0).tolist()
        ]
        asked = {part.sku: part.units / MILLION for part in seen.waiting}
        left = [
            Left(sku=arrays.skus[sku], units=asked[sku] - float(shipped[line].sum()))
            for line, sku in enumerate(found.skus.tolist())
            if asked[sku] - float(shipped[line].sum()) > 1e-6
        ]
        return Allocated(
            sale=seen.sale.sale,
            revision=0,
            reserved=False,
            parts=parts,
            waiting=left,
            shipments=int((shipped > 0).any(axis=0).sum()),
            cost_usd=answer.usd,
            bound_usd=answer.bound_usd,
            gap=answer.gap,
            nearest_usd=answer.nearest_usd,
            seconds=answer.seconds,
            remarks=remarks,
        )

    def reserve(self, turn: Transaction, seen: Seen, made: Allocated) -> Allocated | None:
        """Take the allocation, unless what it was made for has changed since; None if it has."""
        mirror, names = turn.mirror, self.places.names
        units = {(names.nodes[part.node], names.skus[part.sku]): round(part.units * MILLION) for part in made.parts}
        if touched(turn, made.sale, set(units)):
            return None
        if [part for part in mirror.demand.waiting_of(made.sale) if part.node is None] != seen.waiting:
            return None
        free = free_units(mirror, moment_of(turn.now))
        if any(free[place] < wanted for place, wanted in units.items()):
            return None
        before = mirror.demand.allocations.get(made.sale)
        lines = [] if before is None else list(before.lines)
        lines += self._picked_beyond(mirror, made.sale, lines)
        lines += [
            AllocationLine(sku=part.sku, node=part.node, units=_wire(round(part.units * MILLION)))
            for part in made.parts
        ]
        revision = 1 if before is None else before.revision + 1
        _take(turn, Allocation(sale=made.sale, lines=lines, revision=revision))
        found = msgspec.structs.replace(made, revision=revision, reserved=True)
        kept.keep(turn, found)
        return found

    def _picked_beyond(self, mirror: Mirror, name: str, lines: Sequence[AllocationLine]) -> list[AllocationLine]:
        """What nodes picked for a sale beyond what its own lines and these have them serve, as an allocation tells it.

        An allocation holds what nodes served already: what it leaves out would be taken off what is reserved anew.
        """
        names, sale = self.places.names, mirror.demand.sales.get(name)
        own = (
            [] if sale is None else [(line.sku, line.node, line.units) for line in sale.lines if line.node is not None]
        )
        given: Counter[tuple[int, int]] = Counter()
        for sku, node, units in [*own, *((line.sku, line.node, line.units) for line in lines)]:
            given[names.skus[sku], names.nodes[node]] += millionths(units, divisible=self.places.divisible)
        skus = set() if sale is None else {names.skus[line.sku] for line in sale.lines}
        return [
            AllocationLine(
                sku=names.arrays.skus[sku], node=names.arrays.nodes[node], units=_wire(units - given[sku, node])
            )
            for (sku, node), units in sorted(mirror.demand.picked_of(name).items())
            if units > given[sku, node] and sku in skus
        ]


def _take(turn: Transaction, data: Allocation) -> None:
    sequence = next_sequence(turn.connection, OWN, 1)
    event = written(Key(OWN, 1, sequence), "entrepot.allocation.v1", moment_of(turn.now), data, subject=data.sale)
    answer = turn.take(event)
    if answer.outcome != "accepted":
        raise ConfigurationError(f"allocation of {data.sale}: was not taken: {answer.rule}: {answer.message}")


def _wire(units: int) -> int | str:
    whole, rest = divmod(units, MILLION)
    return whole if not rest else f"{units / MILLION:.6f}"
