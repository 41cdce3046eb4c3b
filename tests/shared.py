"""What is made once for all tests, by whichever process wants it first."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from entrepot.configs.files import write_atomically


@dataclass(frozen=True)
class SharedFolder:
    """A folder of one test run, whichever processes it is spread over."""

    place: Path

    def files_of(self, name: str, make: Callable[[], tuple[bytes, ...]]) -> tuple[bytes, ...]:
        """What was made under a name, made now if nobody has; whoever wants it at the same time waits."""
        folder = self.place / name
        folder.mkdir(parents=True, exist_ok=True)
        with open(self.place / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "made").exists():
                for number, content in enumerate(make()):
                    write_atomically(folder / str(number), content)
                write_atomically(folder / "made", b"")
        return tuple(file.read_bytes() for file in sorted(folder.glob("[0-9]")))
