"""Alerts that are told: to a real receiver of webhooks, and to a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller

from entrepot.configs.errors import ConfigurationError
from entrepot.scheduler.alerts import kept, notices
from entrepot.scheduler.alerts.channels import Channels
from entrepot.scheduler.alerts.delivery import Teller
from entrepot.scheduler.decisions import kept as decisions
from entrepot.scheduler.decisions.desk import Desk
from entrepot.scheduler.store.folder import connect_to_read
from tests.scheduler.desks import CUT_OFF, LIVE, SEA, Live
from tests.scheduler.receiver import SECRET, Receiver
from tests.scheduler.served import module
from tests.scheduler.told import AIR, TRUCK, event

LOW = {"node": "california", "sku": "lamp", "on_hand": 2}


class Mailbox:
    """What a mail server takes; it refuses as long as it is told to."""

    def __init__(self) -> None:
        self.refuses = False
        self.got: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuses:
            return "451 not now"
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.got.append((envelope.rcpt_tos, found))
        return "250 taken"


class OnAnyPort(Controller):
    """Which the library's own can't be: it knocks at the port that it was given."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    server = OnAnyPort(box, hostname="127.0.0.1", port=0)
    server.start()
    try:
        yield box, server.port
    finally:
        server.stop()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    found = Live(tmp_path / "data", replace(LIVE, watch_share=1.0, plans_apart=timedelta(0)))
    found.desk.tick()
    yield found
    found.writer.close()


def reading(path: Path, text: str) -> Channels:
    path.write_text(text, encoding="utf-8")
    return Channels.read(path)


def by_mail(folder: Path, port: int) -> Channels:
    text = f"""
smtp: {{host: 127.0.0.1, port: {port}, tls: none, sender: entrepot@example.org}}
to: [planner@example.org]
escalate_to: [boss@example.org]
escalate_minutes: 30
"""
    return reading(folder / "alerts.yaml", text)


def by_webhook(folder: Path, url: str) -> Channels:
    (folder / "secret").write_bytes(SECRET)
    return reading(folder / "alerts.yaml", f"webhook: {url}\nwebhook_secret: {folder / 'secret'}\n")


def teller(live: Live, channels: Channels) -> Teller:
    """And a desk that drafts for the same channels."""
    live.desk = Desk(live.writer, module(), live.settings, live.clock, live.metrics, channels)
    live.desk.tick()
    return Teller(live.writer, channels, live.clock, live.metrics)


def stock_out(live: Live, number: int = 1000) -> None:
    live.writer.take([event("count", LOW, number)]).result()


def test_a_new_alert_is_found_between_plans_and_posted_signed_once(live: Live, receiver: Receiver) -> None:
    tells = teller(live, by_webhook(live.folder.parent, receiver.url))
    tells.tick()
    receiver.got.clear()
    stock_out(live)
    live.clock.advance(timedelta(seconds=1))
    assert live.desk.tick() is not None  # a plan at once, not in five minutes
    assert tells.tick() == 1
    assert tells.tick() == 0
    ((key, signature, body),) = receiver.got
    told = msgspec.json.decode(body)
    assert key.startswith("my_network/notice/")
    assert signature.startswith("t=")
    assert (told["level"], told["alerts"][0]["kind"]) == (0, "stock_out")
    assert AIR in told["alerts"][0]["action"]
    live.clock.advance(timedelta(seconds=1))
    assert live.desk.tick() is None


def test_an_alert_that_nobody_answers_is_mailed_to_more_people_until_somebody_does(
    live: Live, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    tells = teller(live, by_mail(live.folder.parent, port))
    tells.tick()
    box.got.clear()
    stock_out(live)
    live.clock.advance(timedelta(seconds=1))
    live.desk.tick()
    assert tells.tick() == 1
    to, message = box.got[-1]
    assert to == ["planner@example.org"]
    assert "stock_out california lamp" in message["Subject"]
    assert "at stake" in message.get_content()
    live.clock.advance(timedelta(minutes=29))
    assert tells.tick() == 0
    live.clock.advance(timedelta(minutes=2))
    assert tells.tick() == 1
    to, message = box.got[-1]
    assert to == ["planner@example.org", "boss@example.org"]
    assert "nobody has answered" in message["Subject"]
    (alert,) = [one for one in kept.listed(connect_to_read(live.folder)) if one["place"] == "california lamp"]
    assert alert["level"] == 1
    live.writer.submit(lambda turn: kept.acknowledge(turn, alert["alert"], "anna")).result()
    live.clock.advance(timedelta(hours=5))
    count = len(box.got)
    tells.tick()
    assert all("california lamp" not in message["Subject"] for _, message in box.got[count:])


def test_mail_that_is_refused_is_tried_again_after_a_restart_and_not_once_its_cause_is_gone(
    live: Live, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    channels = by_mail(live.folder.parent, port)
    tells = teller(live, channels)
    box.refuses = True
    stock_out(live)
    live.clock.advance(timedelta(seconds=1))
    live.desk.tick()
    assert tells.tick() == 0
    waiting = notices.listed(connect_to_read(live.folder))
    assert {one["attempts"] for one in waiting} == {1}
    box.refuses = False
    live.clock.advance(timedelta(seconds=10))
    assert Teller(live.writer, channels, live.clock, live.metrics).tick() == len(waiting)
    box.refuses = True
    stock_out(live, 1001)
    live.writer.take([event("condition", {"lane": SEA, "share": 0.0}, 1002)]).result()
    live.clock.advance(timedelta(seconds=1))
    live.desk.tick()
    assert tells.tick() == 0
    live.writer.take([event("condition", {"lane": SEA, "share": 1.0, "revision": 1}, 1003)]).result()
    live.clock.advance(timedelta(seconds=20))
    live.desk.tick()
    count = len(box.got)
    box.refuses = False
    tells.tick()
    assert all("lane_closed" not in str(message["Subject"]) for _, message in box.got[count:])
    assert notices.listed(connect_to_read(live.folder), "dropped")


def test_at_the_end_of_the_process_nothing_more_is_begun_and_what_is_left_waits(live: Live, receiver: Receiver) -> None:
    tells = teller(live, by_webhook(live.folder.parent, receiver.url))
    stock_out(live)
    live.clock.advance(timedelta(seconds=1))
    live.desk.tick()
    waiting = len(notices.listed(connect_to_read(live.folder)))
    assert waiting
    tells.end()
    assert tells.tick() == 0
    assert receiver.got == []
    assert len(notices.listed(connect_to_read(live.folder))) == waiting


def test_a_password_is_sent_over_tls_alone(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    smtp = f"{{host: mail, sender: a@example.org, user: a, password_file: {tmp_path / 'password'}, tls: none}}"
    with pytest.raises(ConfigurationError, match="starttls, tls"):
        reading(tmp_path / "a.yaml", f"smtp: {smtp}\nto: [b@example.org]\n")
    found = reading(tmp_path / "a.yaml", f"smtp: {smtp.replace('none', 'tls')}\nto: [b@example.org]\n")
    assert found.password() == "secret"


@pytest.mark.parametrize(
    "text",
    [
        "webhook: http://there/",
        "to: [b@example.org]",
        "smtp: {host: mail, sender: nobody}\nto: [b@example.org]",
        "colour: red",
        "escalate_minutes: 0",
    ],
)
def test_channels_that_are_not_whole_are_refused_in_a_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"a\.yaml"):
        reading(tmp_path / "a.yaml", text)


def test_where_stock_runs_out_lanes_there_are_released_before_their_cut_off_and_only_once(tmp_path: Path) -> None:
    live = Live(tmp_path, replace(LIVE, watch_share=1.0, release_on_alerts=True, plans_apart=timedelta(seconds=90)))
    live.desk.tick()
    assert live.releases() == {}
    stock_out(live)
    live.clock.advance(timedelta(minutes=1))
    assert live.desk.tick() is None  # so soon after the plan before it
    live.clock.advance(timedelta(minutes=1))
    assert live.desk.tick() is not None
    found = live.releases()
    assert TRUCK not in found  # which doesn't go there
    assert {found[lane]["state"] for lane in found} == {"released"}
    assert set(found) <= {SEA, AIR}
    assert found
    live.clock.set(CUT_OFF)
    live.desk.tick()
    keys = [one["key"] for one in decisions.outbox(connect_to_read(tmp_path))]
    assert len(keys) == len(set(keys))
    assert {lane: live.releases()[lane]["made"] for lane in found} == {lane: found[lane]["made"] for lane in found}
    live.writer.close()


def test_a_person_may_release_a_lane_early_unless_it_is_stopped_or_gone(live: Live) -> None:
    assert live.desk.release_early(TRUCK.replace("→", "->"), "anna") == "released"
    with pytest.raises(decisions.UnknownError, match="no order any more"):
        live.desk.release_early(TRUCK, "anna")
    live.writer.submit(lambda turn: decisions.stop(turn, "anna", stopped=True)).result()
    with pytest.raises(decisions.UnknownError, match="stopped"):
        live.desk.release_early(AIR, "anna")


def test_more_spoken_for_than_there_is_is_told(live: Live) -> None:
    live.writer.take([event("count", {**LOW, "on_hand": -3}, 1000)]).result()
    live.clock.advance(timedelta(seconds=1))
    live.desk.tick()
    found = {one["kind"]: one for one in kept.listed(connect_to_read(live.folder))}
    assert found["below_zero"]["usd"] == 15
