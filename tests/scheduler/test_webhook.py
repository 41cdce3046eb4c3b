from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.outbox.webhook import Deliverer, Webhook
from entrepot.scheduler.store.folder import connect_to_read
from tests.scheduler.desks import CUT_OFF, LIVE, Live
from tests.scheduler.receiver import SECRET, Receiver
from tests.scheduler.told import TRUCK


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """With orders that were released."""
    found = Live(tmp_path, LIVE)
    found.clock.set(CUT_OFF)
    found.desk.tick()
    yield found
    found.writer.close()


def test_an_order_is_posted_signed_and_then_no_more(live: Live, receiver: Receiver) -> None:
    waiting = [one["key"] for one in kept.outbox(connect_to_read(live.folder))]
    deliverer = Deliverer(live.writer, Webhook(receiver.url, SECRET), live.clock)
    assert deliverer.tick() == len(waiting)
    assert deliverer.tick() == 0
    assert sorted(key for key, _, _ in receiver.got) == sorted(waiting)
    assert live.releases()[TRUCK]["state"] == "sent"
    key, signature, body = receiver.got[0]
    assert msgspec.json.decode(body)["idempotency_key"] == key
    stamp = int(live.clock.now().timestamp())
    assert signature == f"t={stamp},v1={hmac.new(SECRET, f'{stamp}.'.encode() + body, hashlib.sha256).hexdigest()}"


def test_what_is_refused_is_tried_again_on_a_schedule_that_outlasts_a_restart(live: Live, receiver: Receiver) -> None:
    receiver.statuses = [500]
    webhook = Webhook(receiver.url, SECRET)
    count = len(kept.outbox(connect_to_read(live.folder)))
    assert Deliverer(live.writer, webhook, live.clock).tick() == 0
    assert len(receiver.got) == count
    live.clock.advance(timedelta(seconds=9))
    Deliverer(live.writer, webhook, live.clock).tick()  # another one, as after a restart
    assert len(receiver.got) == count
    live.clock.advance(timedelta(seconds=1))
    Deliverer(live.writer, webhook, live.clock).tick()
    assert len(receiver.got) == 2 * count
    receiver.statuses = [204]
    live.clock.advance(timedelta(seconds=19))
    assert Deliverer(live.writer, webhook, live.clock).tick() == 0
    live.clock.advance(timedelta(seconds=1))
    assert Deliverer(live.writer, webhook, live.clock).tick() == count
    bodies = {(key, body) for key, _, body in receiver.got}
    assert len(bodies) == count  # the same key has the same order each time


def test_while_stopped_nothing_is_posted(live: Live, receiver: Receiver) -> None:
    live.writer.submit(lambda turn: kept.stop(turn, "anna", stopped=True)).result()
    deliverer = Deliverer(live.writer, Webhook(receiver.url, SECRET), live.clock)
    assert deliverer.tick() == 0
    assert receiver.got == []
    live.writer.submit(lambda turn: kept.stop(turn, "anna", stopped=False)).result()
    assert deliverer.tick() > 0


def test_a_receiver_that_is_gone_or_sends_elsewhere_keeps_orders_waiting(live: Live, receiver: Receiver) -> None:
    receiver.statuses = [307]
    assert Deliverer(live.writer, Webhook(receiver.url, SECRET), live.clock).tick() == 0
    receiver.close()
    live.clock.advance(timedelta(hours=1))
    assert Deliverer(live.writer, Webhook(receiver.url, SECRET), live.clock).tick() == 0
    assert {one["attempts"] for one in kept.outbox(connect_to_read(live.folder))} == {2}


@pytest.mark.parametrize(
    ("url", "secret"), [("ftp://there/orders", SECRET), ("https://anna@there/", SECRET), ("https://there/", b"short")]
)
def test_an_address_or_a_secret_that_can_not_be_used_is_refused(url: str, secret: bytes) -> None:
    with pytest.raises(ConfigurationError, match="--webhook"):
        Webhook(url, secret)
