"""Whatever is sent is taken, kept with a rule, or refused; nothing else ever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.envelope import Event, MalformedError, read
from entrepot.scheduler.events.rules import RuleBrokenError, check
from entrepot.scheduler.mirror import Mirror
from entrepot.scheduler.mirror.records import recorded
from tests.scheduler.test_standard import EXAMPLES
from tests.scheduler.told import START, envelope, event, places

NAMES = ["lamp", "california", "us_shop", "shenzhen→california:air", "D1", "closed", "", "\x00", "x" * 300]
MOMENTS = ["2026-11-25", "0001-01-01", "9999-12-31", "2026-11-24T23:59:59-12:00", "9999-12-31T23:59:59-12:00"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["12.5", "-0", "1e9", "9" * 40]),
    st.sampled_from(MOMENTS),
    st.sampled_from(NAMES),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


def live_through(body: bytes, mirror: Mirror) -> None:
    """As the server does, up to the records of the next plan."""
    try:
        for found in read(body):
            if isinstance(found, Event):
                check(found, places(), microseconds(START))
                if not found.type.startswith("entrepot.correction"):
                    mirror.apply(found)
    except (MalformedError, RuleBrokenError):
        return
    mirror.digest()
    try:
        recorded(mirror, START)
    except ConfigurationError:
        return  # nothing counted or sold yet


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_field_of_any_event_may_hold_anything(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(EXAMPLES)))
    told = dict(EXAMPLES[kind])
    told[data.draw(st.sampled_from([*sorted(told), "revision", "units", "eta", "node", "until"]))] = data.draw(VALUES)
    whole = envelope(kind, told, 1)
    if data.draw(st.booleans()):
        whole[data.draw(st.sampled_from(sorted(whole)))] = data.draw(VALUES)
    mirror = Mirror(places())
    mirror.apply(event("count", {"node": "california", "sku": "lamp", "on_hand": 9}, 2, hours=-1))
    mirror.apply(event("demand", {"market": "us_shop", "sku": "lamp", "date": "2026-11-20", "units": 9}, 3, hours=-1))
    live_through(json.dumps(whole).encode(), mirror)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=60), VALUES.map(lambda value: json.dumps(value).encode())))
def test_a_body_may_be_anything(body: bytes) -> None:
    live_through(body, Mirror(places()))


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
@pytest.mark.parametrize("moment", MOMENTS)
def test_times_at_the_ends_of_the_calendar_are_told_apart(kind: str, moment: str) -> None:
    whole = envelope(kind, EXAMPLES[kind], 1)
    dated: dict[str, Any] = {name: moment for name in ("ordered", "eta", "date") if name in EXAMPLES[kind]}
    for told in ({**whole, "time": moment}, {**whole, "data": {**EXAMPLES[kind], **dated}}):
        live_through(json.dumps(told).encode(), Mirror(places()))
