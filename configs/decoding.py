"""From a file's bytes to text: UTF-8, with or without a byte-order mark; anything else is refused with a way out."""

from __future__ import annotations

import codecs
from pathlib import Path

from entrepot.configs.errors import ConfigurationError

SAVE_AS = "save it as UTF-8 (an editor's “Save as”, encoding UTF-8)"
_UTF_16_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ALLOWED_CONTROLS = "\t\n\r\x85"


def read_text(path: Path) -> str:
    """A whole text file.

    Raises:
        ConfigurationError: it can't be read, or isn't UTF-8 text; one line that says where and how to save it.
    """
    try:
        return decoded(path.read_bytes(), path)
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror or error}") from error


def decoded(data: bytes, path: Path) -> str:
    """Bytes as text.

    Args:
        data: of the whole file.
        path: to name in an error.

    Raises:
        ConfigurationError: they aren't UTF-8 text.
    """
    if data.startswith(_UTF_16_32) or _is_utf_16_without_mark(data):
        raise ConfigurationError(f"{path}: is saved as UTF-16 (“Unicode”); {SAVE_AS}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" in data:
            raise ConfigurationError(f"{path}: is not a text file") from error
        number = data.count(b"\n", 0, error.start) + 1
        line = data.split(b"\n")[number - 1].decode("cp1252", errors="replace").strip()
        raise ConfigurationError(
            f"{path}: line {number}: byte 0x{data[error.start]:02x} is not UTF-8; if the line is meant to read "
            f"{_short(line)!r} the file is saved as ANSI (Windows-1252): {SAVE_AS}"
        ) from error
    for place, character in enumerate(text):
        if (character < " " and character not in _ALLOWED_CONTROLS) or "\x7f" <= character < "\x85":
            number = text.count("\n", 0, place) + 1
            raise ConfigurationError(
                f"{path}: line {number}: holds the control character 0x{ord(character):02x}; remove it"
            )
    return text


def _is_utf_16_without_mark(data: bytes) -> bool:
    """ASCII characters of two bytes each."""
    head = data[:64]
    return len(head) >= 4 and (not any(head[::2]) or not any(head[1::2])) and any(head)


def _short(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:59]}…"
