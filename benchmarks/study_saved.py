"""What the study has saved so far."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Results = dict[str, Any]


class Saved:
    """What the study has saved so far."""

    def __init__(self, folder: Path) -> None:
        """Args: the folder of figures."""
        self._folder = folder

    def one(self, name: str) -> Results | None:
        """A job's figures; None if there are none yet."""
        path = self._folder / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def group(self, name: str) -> dict[str, Results]:
        """Of all jobs in a folder, by name."""
        return {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((self._folder / name).glob("*.json"))
        }

    def runs(self, trainer: str, variant: str = "default") -> list[Results]:
        """Trained runs, by seed."""
        found = [run for run in self.group("runs").values() if (run["trainer"], run["variant"]) == (trainer, variant)]
        return sorted(found, key=lambda run: int(run["seed"]))
