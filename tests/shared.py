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

    def bytes_of(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What was made under a name, made now if nobody has; whoever wants it at the same time waits."""
        path = self.place / name
        self.place.mkdir(parents=True, exist_ok=True)
        with open(self.place / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                write_atomically(path, make())
        return path.read_bytes()
