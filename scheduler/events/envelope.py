"""The envelope: CloudEvents 1.0 in JSON, one, a batch, or a line each; and the event that comes of it.

An envelope that can't be read has no key by which it could be kept, so its whole request is refused. An envelope that
can be read is always kept: as an event or, with the rule that it breaks, in quarantine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from entrepot.configs.errors import EntrepotError
from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.data import TYPES, Data, Moment, Name, Revision
from entrepot.scheduler.events.data import Sequence as Place

_NUL = b"\\u0000"
"""As JSON must write U+0000."""
NDJSON = ("application/x-ndjson", "application/ndjson")

UNCOUNTED = "epcis"
"""Last part of sources that don't count what they send: their keys are digests, so nobody can tell what is missing."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Attributes of CloudEvents 1.0, with two extensions: `epoch` and `sequence`, the source's own count.

    A source counts from 1 up without gaps, and begins a new, higher epoch when it has lost count.
    """

    specversion: Literal["1.0"]
    id: Name
    source: Annotated[str, Meta(pattern=r"^/[!-~]{1,199}\Z")]
    type: Name
    time: Moment
    epoch: Revision
    sequence: Place
    subject: str | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str | None = None
    data: msgspec.Raw


class MalformedError(EntrepotError):
    """A request whose events can't be told apart; nothing of it was taken."""


class Key(NamedTuple):
    """Of an event: there is one only."""

    source: str
    epoch: int
    sequence: int


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event that was read."""

    key: Key
    type: str
    time: int  # microseconds since 1970-01-01 UTC
    data: Data
    digest: bytes  # of what it says: the same for a repetition, however it is spaced
    body: bytes  # the envelope as it came


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope with a key, and the rule that it breaks."""

    key: Key
    rule: str
    message: str
    digest: bytes
    body: bytes


_envelope: msgspec.json.Decoder[Envelope] = msgspec.json.Decoder(Envelope)
_raws: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])
_data: dict[str, msgspec.json.Decoder[Data]] = {name: msgspec.json.Decoder(kind) for name, kind in TYPES.items()}
_sorted = msgspec.json.Encoder(order="sorted")


def read(body: bytes, content_type: str = "application/json") -> list[Event | Broken]:
    """Events of a request's body.

    Args:
        body: one event, a list of them, or, where `content_type` says so, one a line.
        content_type: as HTTP has it.

    Raises:
        MalformedError: an envelope can't be read; which, and why.
    """
    return [_read(raw, place) for place, raw in enumerate(_apart(body, content_type))]


def _apart(body: bytes, content_type: str) -> Sequence[bytes]:
    if content_type.partition(";")[0].strip().casefold() in NDJSON:
        return [line for line in body.split(b"\n") if line.strip()]
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        return [bytes(raw) for raw in _raws.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"body: not a list of events ({error})") from error


def _read(raw: bytes, place: int, *, known: bool = False) -> Event | Broken:
    try:
        envelope = _envelope.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"event {place}: not a CloudEvents 1.0 envelope ({error})") from error
    body, time = bytes(raw).strip(), microseconds(envelope.time)
    key = Key(envelope.source, envelope.epoch, envelope.sequence)
    if not known and _NUL in body and _has_nul(body):  # what was taken before there was this rule stays taken
        message = "event: U+0000 in a text; allowed: any other character (some databases can't hold it)"
        return Broken(key=key, rule="nul", message=message, digest=_digest_of(body), body=body)
    if envelope.type not in _data:
        allowed = ", ".join(TYPES)
        message = f"type: {envelope.type!r}; allowed: {allowed}"
        return Broken(key=key, rule="unknown_type", message=message, digest=_digest_of(body), body=body)
    try:
        data = _data[envelope.type].decode(envelope.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Broken(key=key, rule="data", message=f"data: {error}", digest=_digest_of(body), body=body)
    told = _sorted.encode((envelope.type, time, data))
    return Event(key=key, type=envelope.type, time=time, data=data, digest=hashlib.sha256(told).digest(), body=body)


def _has_nul(body: bytes) -> bool:
    """Whether a text in it holds U+0000, and not a backslash before `u0000`."""

    def told(value: Any) -> bool:
        if isinstance(value, dict):
            return any(told(name) or told(one) for name, one in value.items())
        return any(map(told, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value

    try:
        return told(msgspec.json.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True  # data that can't be held, with what looks like one


def _digest_of(body: bytes) -> bytes:
    """Of an envelope whose data mean nothing here."""
    try:
        return hashlib.sha256(_sorted.encode(msgspec.json.decode(body))).digest()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # data that are no JSON that can be held
        return hashlib.sha256(body).digest()


def stored(body: bytes) -> Event:
    """An event that was taken once.

    Raises:
        MalformedError: this version of the code can't read it.
    """
    return _event(_read(body, 0, known=True), "stored")


def written(key: Key, kind: str, time: Any, data: Data, *, subject: str | None = None) -> Event:
    """An event of the scheduler's own, as if it had been sent.

    Args:
        key: of the event.
        kind: its type.
        time: with an offset.
        data: what it says.
        subject: what it is about.

    Raises:
        MalformedError: what it says can't be taken.
    """
    envelope = {
        "specversion": "1.0",
        "id": f"{key.epoch}-{key.sequence}",
        "source": key.source,
        "type": kind,
        "time": time,
        "epoch": key.epoch,
        "sequence": key.sequence,
        "data": data,
        **({"subject": subject} if subject else {}),
    }
    return _event(_read(msgspec.json.encode(envelope), 0), "made")


def _event(found: Event | Broken, how: str) -> Event:
    if isinstance(found, Broken):
        raise MalformedError(f"{how} event {found.key}: {found.message}")
    return found
