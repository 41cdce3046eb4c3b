"""Checkpoints of an algorithm in a folder or at a URI: the last one always whole, older ones removed."""

from __future__ import annotations

import json
from dataclasses import asdict

import pyarrow.fs
from ray.rllib.algorithms import Algorithm

from entrepot.training.trainers.iterations import Progress
from entrepot.training.trainers.storage import clear_place, file_system

POINTER = "latest.json"


class Checkpoints:
    """Where a run's checkpoints are."""

    def __init__(self, place: str) -> None:
        """Args: a folder, or a URI such as `s3://bucket/run`, that the process which trains can reach."""
        self._place = place
        self._files, self._root = file_system(place)

    def save(self, algorithm: Algorithm, progress: Progress) -> str:
        """Write a checkpoint, then point at it, then remove the one before; returns its path."""
        before = self._read()
        name = f"iteration-{progress.iteration:06d}"
        path = f"{self._root}/{name}"
        self._remove(path)  # of a run that stopped while it was written
        algorithm.save_to_path(path, filesystem=self._files)
        pointer = json.dumps({"checkpoint": name, **asdict(progress)}).encode()
        unfinished = f"{self._root}/.{POINTER}"
        with self._files.open_output_stream(unfinished) as stream:
            stream.write(pointer)
        self._files.move(unfinished, f"{self._root}/{POINTER}")
        if before is not None and before[0] != name:
            self._remove(f"{self._root}/{before[0]}")
        return path

    def restore(self, algorithm: Algorithm) -> Progress:
        """Go on from the last checkpoint; from the beginning if there is none."""
        found = self._read()
        if found is None:
            return Progress()
        name, progress = found
        algorithm.restore_from_path(f"{self._root}/{name}", filesystem=self._files)
        return progress

    def clear(self) -> None:
        """Remove every checkpoint."""
        clear_place(self._place)

    def _read(self) -> tuple[str, Progress] | None:
        path = f"{self._root}/{POINTER}"
        if self._files.get_file_info(path).type == pyarrow.fs.FileType.NotFound:
            return None
        with self._files.open_input_stream(path) as stream:
            content = json.loads(stream.read())
        return content.pop("checkpoint"), Progress(**content)

    def _remove(self, path: str) -> None:
        if self._files.get_file_info(path).type == pyarrow.fs.FileType.Directory:
            self._files.delete_dir(path)
