"""Who may do what: tokens by source with scopes, of which only hashes are kept.

A token is 256 random bits, so that a plain SHA-256 of it can't be guessed back; passwords would need a slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Literal, get_args

import msgspec

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import write_atomically

FILE = "tokens.json"
Scope = Literal["events", "read", "operate"]
SCOPES: tuple[str, ...] = get_args(Scope)
"""events: send them; read: see all; operate: mend quarantine, approve and acknowledge orders."""


class Token(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a token allows."""

    name: str  # for the audit; unique
    source: str  # events may be sent of this source and of those below it
    scopes: list[Scope]
    sha256: str

    def allows(self, scope: str) -> bool:
        """Whether it has a scope."""
        return scope in self.scopes

    def speaks_for(self, source: str) -> bool:
        """Whether it may send events of a source."""
        own = self.source.rstrip("/")
        return source == own or source.startswith(f"{own}/")


class Tokens:
    """Those of a folder; read again whenever the file has changed."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: of the store."""
        self._path = folder / FILE
        self._stamp: tuple[int, int] | None = None
        self._tokens: list[Token] = []

    def all(self) -> list[Token]:
        """Those that there are.

        Raises:
            ConfigurationError: the file can't be read.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._tokens, self._stamp = [], None
            return []
        stamp = found.st_mtime_ns, found.st_size
        if stamp != self._stamp:
            try:
                self._tokens = msgspec.json.decode(self._path.read_bytes(), type=list[Token])
            except (OSError, msgspec.MsgspecError) as error:
                raise ConfigurationError(f"{self._path}: can't be read ({error})") from error
            self._stamp = stamp
        return self._tokens

    def find(self, given: str) -> Token | None:
        """The token whose text was given; None if there is none. Takes as long whichever it is."""
        digest = _hash(given)
        found = None
        for token in self.all():
            if hmac.compare_digest(token.sha256, digest):
                found = token
        return found

    def issue(self, name: str, source: str, scopes: list[str]) -> str:
        """Make a token; its text is told once and kept nowhere.

        Raises:
            ConfigurationError: the name is taken, or there is no such scope.
        """
        for scope in scopes:
            if scope not in SCOPES:
                raise ConfigurationError(f"scopes: {scope!r}; allowed: {', '.join(SCOPES)}")
        if not source.startswith("/"):
            raise ConfigurationError(f"source: {source!r}; allowed: a path such as /wms/los_angeles")
        kept = self.all()
        if any(token.name == name for token in kept):
            raise ConfigurationError(f"name: {name!r} has a token; withdraw it first, or take another name")
        text = f"entrepot_{secrets.token_urlsafe(32)}"
        token = Token(name=name, source=source, scopes=scopes, sha256=_hash(text))  # type: ignore[arg-type]
        self._write([*kept, token])
        return text

    def withdraw(self, name: str) -> None:
        """End a token.

        Raises:
            ConfigurationError: there is none of the name.
        """
        kept = self.all()
        left = [token for token in kept if token.name != name]
        if len(left) == len(kept):
            raise ConfigurationError(f"name: {name!r}; allowed: {', '.join(token.name for token in kept) or 'none'}")
        self._write(left)

    def _write(self, tokens: list[Token]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, msgspec.json.format(msgspec.json.encode(tokens)))
        os.chmod(self._path, 0o600)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
