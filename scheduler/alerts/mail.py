"""A notice as an e-mail."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from entrepot.scheduler.alerts.channels import Smtp
from entrepot.scheduler.alerts.notices import Body

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10.0
MOST_LINES = 50
"""Alerts that a message has room for; of more their number is told."""


def message_of(body: Body, number: int, sender: str, to: Sequence[str], now: datetime) -> EmailMessage:
    """What is sent.

    Args:
        body: of the notice.
        number: of the notice; a repetition has the same Message-ID, so that readers can tell.
        sender: address.
        to: addresses.
        now: with an offset.
    """
    first, more = body.alerts[0], len(body.alerts) - 1
    usd = sum(one.usd or 0.0 for one in body.alerts)
    again = f" (nobody has answered, told {body.level + 1} times)" if body.level else ""
    subject = f"[entrepot {body.network}] {first.kind} {first.place}" + (f" and {more} more" if more else "")
    message = EmailMessage()
    message["Subject"] = _one_line(subject + (f", {usd:,.0f} USD at stake" if usd else "") + again)
    message["From"], message["To"] = sender, ", ".join(to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<entrepot.{_word(body.network)}.{number}.{body.level}@{sender.rpartition('@')[2]}>"
    lines = [
        f"{one.kind} {one.place}: {one.message}"
        + ("" if one.usd is None else f"\n  at stake: {one.usd:,.0f} USD")
        + f"\n  proposed: {one.action}\n  since {one.opened}"
        f"\n  POST /v1/alerts/{one.alert}/acknowledge says that you see to it"
        for one in body.alerts[:MOST_LINES]
    ]
    if len(body.alerts) > MOST_LINES:
        lines.append(f"and {len(body.alerts) - MOST_LINES} more: GET /v1/alerts")
    message.set_content("\n\n".join(lines) + "\n")
    return message


def sent(smtp: Smtp, password: str | None, message: EmailMessage) -> str | None:
    """Hand a message to the mail server.

    Returns:
        None where it took it for at least one address; else why not.
    """
    context = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT_SECONDS, context=context)
            if smtp.tls == "tls"
            else smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT_SECONDS)
        ) as server:
            if smtp.tls == "starttls":
                server.starttls(context=context)
            if smtp.user is not None and password is not None:
                server.login(smtp.user, password)
            refused = server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        return _one_line(f"{type(error).__name__}: {error}")
    for address, (status, why) in refused.items():
        log.warning("mail", extra={"fields": {"refused": address, "status": status, "why": str(why)}})
    return None


def _one_line(text: str) -> str:
    """Names may hold anything; a line break in a header would begin another one."""
    return "".join(character if character.isprintable() else " " for character in text)


def _word(text: str) -> str:
    return "".join(character if character.isascii() and character.isalnum() else "-" for character in text)
