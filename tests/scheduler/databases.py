"""A PostgreSQL of one's own, in a temporary folder, never as root; a test is skipped where there is none."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

PATIENCE_SECONDS = 120.0


def _program(name: str) -> str | None:
    there = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(there[-1]) if there else shutil.which(name)


def _user() -> dict[str, int]:
    """Root may not run it: whoever Debian has for it, or nobody."""
    if os.geteuid():
        return {}
    names = {one.pw_name: one for one in pwd.getpwall()}
    found = names.get("postgres") or names["nobody"]
    return {"user": found.pw_uid, "group": found.pw_gid}


class Database:
    """One that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._user = folder, _user()
        self.url = f"postgresql://tester@/postgres?host={folder}"

    def run(self, program: str, *arguments: str) -> None:
        command = [_program(program) or program, *arguments]
        with (self.folder / "output").open("ab") as output:  # a server that goes on keeps what it was given open
            subprocess.run(command, check=True, stdout=output, stderr=output, timeout=PATIENCE_SECONDS, **self._user)  # type: ignore[call-overload]

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off"
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-w", "-l", str(self.folder / "log"), "start"
        )

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")


@contextmanager
def database() -> Iterator[Database]:
    """An empty one."""
    if _program("initdb") is None or _program("pg_ctl") is None:
        pytest.skip("there is no PostgreSQL here (initdb, pg_ctl)")
    folder = Path(mkdtemp(prefix="entrepot-pg-", dir="/tmp"))  # a socket's path may not be long
    try:
        user = _user()
        if user:
            os.chown(folder, user["user"], user["group"])
        found = Database(folder)
        found.run("initdb", "-D", str(folder / "data"), "-U", "tester", "--auth=trust", "--no-sync", "-E", "UTF8")
        found.start()
        try:
            yield found
        finally:
            found.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
