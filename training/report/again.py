"""A report told again from what it saved, without living through its days."""

from __future__ import annotations

import json
from pathlib import Path

from entrepot.configs.errors import ConfigurationError
from entrepot.training.report.claims import open_rows, reworded
from entrepot.training.report.paper import Report
from entrepot.training.report.saved_claims import LIVE_NOTE, saved, saved_notes, saved_rows


def told_again(measured: Path, results: Path) -> Report:
    """A report whose figures of the twin were saved before, with what other benchmarks have saved since.

    Args:
        measured: what `write_rows` wrote.
        results: folder of what other benchmarks saved.

    Raises:
        ConfigurationError: the file can't be read.
    """
    try:
        content = json.loads(measured.read_text(encoding="utf-8"))
        rows, parts, provenance = content["rows"], content["parts"], dict(content["provenance"])
        notes = [note for note in provenance.pop("notes") if not note.startswith(LIVE_NOTE)]
        claims = [*reworded(rows), *saved_rows(saved(results)), *open_rows()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"--measured: {measured}: can't be read: {error!r}; allowed: what `entrepot report paper --json` writes"
        ) from error
    return Report(claims, parts, [*notes, *saved_notes(results)], provenance)
