"""To whom alerts are told, and by when somebody must have answered: a YAML file that a person edits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.loader import StrictModel, read_yaml, validate
from entrepot.scheduler.outbox.webhook import Webhook

Channel = Literal["webhook", "email"]
ASSUMED_ESCALATE_MINUTES = 60.0
"""An assumption, where nobody says how long an alert may be open before it is told again, and to more people."""
MOST_LEVELS = 3
Address = Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$")]


class Smtp(StrictModel):
    """A mail server."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_file: Path | None = None
    sender: Address

    @model_validator(mode="after")
    def _whole(self) -> Smtp:
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user, password_file: give both, or neither")
        if self.user is not None and self.tls == "none":
            raise ValueError("tls: none would send the password as it is; allowed with a user: starttls, tls")
        return self


class Channels(StrictModel):
    """Where alerts go. Without any they are logged, and shown at `/v1/alerts`."""

    webhook: str | None = None
    webhook_secret: Path | None = None
    smtp: Smtp | None = None
    to: tuple[Address, ...] = ()
    escalate_to: tuple[Address, ...] = ()
    escalate_minutes: Annotated[float, Field(gt=0)] = ASSUMED_ESCALATE_MINUTES

    @model_validator(mode="after")
    def _whole(self) -> Channels:
        if (self.webhook is None) != (self.webhook_secret is None):
            raise ValueError("webhook, webhook_secret: give both, or neither")
        if (self.smtp is None) != (not self.to):
            raise ValueError("smtp, to: give both, or neither")
        if self.escalate_to and self.smtp is None:
            raise ValueError("escalate_to: there is no smtp")
        return self

    @classmethod
    def read(cls, path: Path) -> Channels:
        """From a file.

        Raises:
            ConfigurationError: it can't be read or used; which key, and what is allowed.
        """
        return validate(cls, read_yaml(path), path)

    @property
    def names(self) -> tuple[Channel, ...]:
        """Those that there are."""
        return (*(("webhook",) if self.webhook else ()), *(("email",) if self.smtp else ()))

    @property
    def escalates_after(self) -> timedelta:
        """So long an alert may be open before it is told again."""
        return timedelta(minutes=self.escalate_minutes)

    def check(self) -> None:
        """Refuse secrets that can't be read.

        Raises:
            ConfigurationError: which, and why.
        """
        self.post()
        self.password()

    def post(self) -> Webhook | None:
        """Where alerts are posted.

        Raises:
            ConfigurationError: the secret can't be read, or something can't be used.
        """
        if self.webhook is None or self.webhook_secret is None:
            return None
        return Webhook.of(self.webhook, self.webhook_secret)

    def password(self) -> str | None:
        """Of the mail server's user.

        Raises:
            ConfigurationError: its file can't be read.
        """
        if self.smtp is None or self.smtp.password_file is None:
            return None
        try:
            return self.smtp.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"smtp.password_file: {str(self.smtp.password_file)!r}: {error}") from error
