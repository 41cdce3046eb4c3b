"""EPCIS 2.0 documents (GS1, ISO/IEC 19987) as events: what happened, by its step in CBV 2.0 (ISO/IEC 19988).

A document is taken as it is. An event's key follows from its `eventID` or, without one, from what it says, so that a
repetition is a duplicate; its source is the token's own with `/epcis` behind it. What has no effect on stock or
pipeline, such as packing, says that its source lives and no more. What can't be understood goes into quarantine.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events import data as kinds
from entrepot.scheduler.events.envelope import UNCOUNTED, Broken, Event, Key, MalformedError, written
from entrepot.scheduler.events.quantities import Units
from entrepot.scheduler.places import Places

RULE = "epcis"
_MARK = b"EPCISDocument"
_SERIAL = re.compile(r"^(https?://[^/]+(?:/[^/]+)*?/01/\d+)(?:/.*)?$")
_URN_ITEM = re.compile(r"^urn:epc:(?:id:sgtin|idpat:sgtin|class:lgtin):(\d+)\.(\d+)(?:\..*)?$")
_MOVES: dict[str, type[kinds.Movement]] = {"storing": kinds.Putaway, "picking": kinds.Pick}
_DOCK = {"conformant", "in_progress", "sellable_accessible", "sellable_not_accessible", "container_closed"}
_SCRAP = {"damaged", "non_conformant", "disposed", "destroyed", "expired", "recalled"}
_HOURS = "HUR"  # UN/CEFACT recommendation 20

_NOT_AS_EPCIS_HAS_IT = (AttributeError, TypeError, ValueError)
"""What comes of a list where there should be an object, and the like."""


class _NotUnderstoodError(Exception):
    """Why an event of a document can't be taken."""


def is_document(body: bytes) -> bool:
    """Whether a request's body is an EPCIS document and not events of ours."""
    if _MARK not in body:
        return False
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") == "EPCISDocument"


def read_document(body: bytes, source: str, places: Places, called: Mapping[str, str]) -> list[Event | Broken]:
    """Events of a document.

    Args:
        body: of the request.
        source: that the token may speak for.
        places: of the network.
        called: what identifiers of places and products are called in the network. Without it, and for others, what
            stands behind the last `/`, `:` of one is taken for the name.

    Raises:
        MalformedError: it is no document of version 2.0, or an event has no time.
    """
    document = msgspec.json.decode(body)
    version = str(document.get("schemaVersion", ""))
    if not version.startswith("2."):
        raise MalformedError(f"schemaVersion: {version!r}; allowed: 2.0")
    content = document.get("epcisBody")
    events = content.get("eventList") if isinstance(content, dict) else None
    if not isinstance(events, list):
        raise MalformedError("epcisBody.eventList: is missing; allowed: a list of events")
    found: list[Event | Broken] = []
    reader = _Reader(f"{source.rstrip('/')}/{UNCOUNTED}", places, called)
    for place, event in enumerate(events):
        found.extend(reader.read(event, place))
    return found


class _Reader:
    def __init__(self, source: str, places: Places, called: Mapping[str, str]) -> None:
        self.source, self.places, self.called = source, places, called

    def read(self, event: Any, place: int) -> Iterator[Event | Broken]:
        if not isinstance(event, dict):
            raise MalformedError(f"event {place}: no object")
        try:
            time = datetime.fromisoformat(str(event["eventTime"]))
        except (KeyError, ValueError):
            raise MalformedError(f"event {place}: eventTime: {event.get('eventTime')!r}; allowed: ISO 8601") from None
        if time.tzinfo is None:
            raise MalformedError(f"event {place}: eventTime: {event['eventTime']!r}; allowed: with its offset")
        own = {name: value for name, value in event.items() if name not in ("recordTime", "errorDeclaration")}
        identity = str(event.get("eventID") or _digest(own).hex())
        wrong = event.get("errorDeclaration")
        try:
            told = list(self._told(own, time))
            for number, data in enumerate(told):
                key = self._key(identity, number)
                if wrong is not None:
                    data, key = self._undone(key, wrong), self._key(f"{identity} errorDeclaration", number)
                kind = f"entrepot.{type(data).__name__.casefold()}.v1"
                yield written(key, kind, time, data, subject=identity[:200])
        except (_NotUnderstoodError, MalformedError, msgspec.MsgspecError, *_NOT_AS_EPCIS_HAS_IT) as error:
            yield Broken(
                key=self._key(identity, 0),
                rule=RULE,
                message=f"event {place}: {error}",
                digest=_digest(event),
                body=msgspec.json.encode(event),
            )

    def _key(self, identity: str, number: int) -> Key:
        """106 bits of a digest: two that are alike by chance would be a conflict, which is told."""
        digest = hashlib.sha256(f"{number} {identity}".encode()).digest()
        first, second = (int.from_bytes(digest[at : at + 7], "big") % 2**53 for at in (0, 7))
        return Key(self.source, first, max(second, 1))

    def _undone(self, key: Key, wrong: Any) -> kinds.Data:
        reason = str((wrong or {}).get("reason") or "errorDeclaration").rpartition(":")[2] or "errorDeclaration"
        return kinds.Correction(source=key.source, epoch=key.epoch, sequence=key.sequence, reason=reason[:200])

    def _told(self, event: dict[str, Any], time: datetime) -> Iterator[kinds.Data]:
        step, kind = _word(event.get("bizStep")), event.get("type")
        papers = _papers(event)
        if kind == "TransactionEvent" and step not in ("receiving", "arriving", "shipping", "departing"):
            yield self._order(event, papers, time)
            return
        if kind == "TransformationEvent":
            raise _NotUnderstoodError("TransformationEvent: what is made of what isn't known here; send adjustments")
        if event.get("sensorElementList"):
            yield from self._sensed(event)
            return
        handled = {
            "receiving", "arriving", "storing", "picking", "shipping", "departing", "inspecting", "cycle_counting",
            "stock_taking", "destroying", "decommissioning", "holding",
        }  # fmt: skip
        if step not in handled or kind == "AssociationEvent":
            yield kinds.Heartbeat(last_sequence=0)
            return
        items = self._items(event)
        if not items:
            raise _NotUnderstoodError("epcList, quantityList: no product is named; name what is in the container")
        node = self._place(event)
        for sku, units in items.items():
            yield self._moved(step, event, {"node": node, "sku": sku, "units": units}, papers)

    def _moved(self, step: str, event: dict[str, Any], what: dict[str, Any], papers: dict[str, str]) -> kinds.Data:
        disposition = _word(event.get("disposition"))
        if step in ("receiving", "arriving"):
            if disposition == "returned" or "rma" in papers:
                return kinds.Return(**what)
            return kinds.Receipt(**what, shipment=papers.get("shipment"), order=papers.get("po"))
        if step in ("shipping", "departing"):
            destination = self._other_end(event)
            if destination is None:
                if step == "departing":
                    raise _NotUnderstoodError("destinationList: says no place of the network; which lane departs?")
                return kinds.Pick(**what, sale=papers.get("po"))
            if "shipment" not in papers:
                raise _NotUnderstoodError("bizTransactionList: a dispatch needs a desadv or bol, its shipment")
            lane = self._lane(str(what["node"]), destination)
            return kinds.Dispatch(**what, lane=lane, shipment=papers["shipment"], order=papers.get("po"))
        if step in _MOVES:
            return _MOVES[step](**what, **({"sale": papers["po"]} if step == "picking" and "po" in papers else {}))
        if step == "inspecting":
            outcome = "dock" if disposition in _DOCK else "scrap" if disposition in _SCRAP else None
            if outcome is None:
                allowed = ", ".join(sorted(_DOCK | _SCRAP))
                raise _NotUnderstoodError(f"disposition: {disposition!r}; allowed: {allowed}")
            return kinds.Inspection(**what, outcome=outcome)  # type: ignore[arg-type]
        if step in ("cycle_counting", "stock_taking"):
            return kinds.Count(node=what["node"], sku=what["sku"], on_hand=what["units"])
        if step == "holding":
            return kinds.Hold(**what, reason=disposition or "holding")
        return kinds.Adjustment(**{**what, "units": _negative(what["units"])}, reason=step)

    def _order(self, event: dict[str, Any], papers: dict[str, str], time: datetime) -> kinds.Data:
        destination, items = self._other_end(event), self._items(event)
        origin = self._first(event.get("sourceList"), "source")
        if "po" not in papers or destination is None or origin is None or not items:
            raise _NotUnderstoodError("TransactionEvent: an order needs a po, products, a source and a destination")
        return kinds.Order(
            order=papers["po"],
            lane=self._lane(origin, destination),
            lines=[kinds.Line(sku=sku, units=units) for sku, units in items.items()],
            ordered=time.date(),
            status="cancelled" if event.get("action") == "DELETE" else "open",
            revision=max(microseconds(time), 0),
        )

    def _sensed(self, event: dict[str, Any]) -> Iterator[kinds.Data]:
        for element in event["sensorElementList"]:
            for report in element.get("sensorReport", ()) if isinstance(element, dict) else ():
                if report.get("uom") == _HOURS and isinstance(report.get("value"), int | float):
                    yield kinds.Telemetry(node=self._place(event), running_hours=float(report["value"]))
                    return
        yield kinds.Heartbeat(last_sequence=0)

    def _items(self, event: dict[str, Any]) -> dict[str, Units]:
        """Units by product: of quantities, and one for each serial number."""
        found: Counter[str] = Counter()
        texts: dict[str, Units] = {}
        for name in ("quantityList", "childQuantityList"):
            for entry in event.get(name) or ():
                sku, quantity = self._called(_product(str(entry.get("epcClass", "")))), entry.get("quantity")
                if isinstance(quantity, float) and not quantity.is_integer():
                    if sku in texts or sku in found:
                        raise _NotUnderstoodError(f"{name}: {sku!r} stands there twice with parts of a unit")
                    texts[sku] = f"{quantity:.6f}"
                elif isinstance(quantity, int | float):
                    found[sku] += int(quantity)
                else:
                    raise _NotUnderstoodError(f"{name}: quantity of {sku!r}: {quantity!r}; allowed: a number")
        for name in ("epcList", "childEPCs"):
            for epc in event.get(name) or ():
                product = _product(str(epc))
                if product != str(epc):  # a serial number of a product; others are containers
                    found[self._called(product)] += 1
        return {**found, **texts}

    def _place(self, event: dict[str, Any]) -> str:
        for name in ("bizLocation", "readPoint"):
            place = event.get(name)
            if isinstance(place, dict) and place.get("id"):
                return self._called(str(place["id"]))
        raise _NotUnderstoodError("bizLocation, readPoint: neither says where")

    def _other_end(self, event: dict[str, Any]) -> str | None:
        found = self._first(event.get("destinationList"), "destination")
        return found if found in self.places.names.nodes else None

    def _first(self, entries: Any, name: str) -> str | None:
        for entry in entries or ():
            if isinstance(entry, dict) and entry.get(name):
                return self._called(str(entry[name]))
        return None

    def _lane(self, origin: str, destination: str) -> str:
        ways = self.places.names.lanes_by_ends.get((origin, destination), [])
        if len(ways) != 1:
            lanes = ", ".join(self.places.names.arrays.lanes[way] for way in ways) or "none"
            raise _NotUnderstoodError(f"from {origin!r} to {destination!r}: {lanes}; exactly one lane is allowed")
        return self.places.names.arrays.lanes[ways[0]]

    def _called(self, identifier: str) -> str:
        if identifier in self.called:
            return self.called[identifier]
        return re.split(r"[/:]", identifier.rstrip("/"))[-1] or identifier


def _word(text: Any) -> str:
    """A word of the CBV, whether it stands there bare, as a URN or as a URL: `receiving`."""
    return re.split(r"[/:]", str(text or ""))[-1].rpartition("-")[2].strip()


def _papers(event: dict[str, Any]) -> dict[str, str]:
    """Business transactions by type; `shipment` is a despatch advice's or a bill of lading's."""
    found: dict[str, str] = {}
    for entry in event.get("bizTransactionList") or ():
        if isinstance(entry, dict) and entry.get("bizTransaction"):
            kind, name = _word(entry.get("type")), str(entry["bizTransaction"])
            found.setdefault(kind, re.split(r"[/:]", name.rstrip("/"))[-1])
    for kind in ("desadv", "bol"):
        if kind in found:
            found.setdefault("shipment", found[kind])
    return found


def _product(identifier: str) -> str:
    """Without serial number or lot: a GS1 Digital Link up to its GTIN, a URN as the product's pattern."""
    link, urn = _SERIAL.match(identifier), _URN_ITEM.match(identifier)
    if link is not None:
        return link.group(1)
    return f"urn:epc:idpat:sgtin:{urn.group(1)}.{urn.group(2)}.*" if urn is not None else identifier


def _negative(units: Units) -> Units:
    return -units if isinstance(units, int) else f"-{units}"


def _digest(content: Any) -> bytes:
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).digest()
