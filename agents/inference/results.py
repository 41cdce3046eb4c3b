"""Decisions put together from pieces of a batch, and the one that orders nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from entrepot.agents.inference.decision import EXPLANATIONS, Decision, Reason, Source, Versions
from entrepot.agents.inference.live import Live


def nothing(rows: int, live: Live, reasons: Sequence[Reason], versions: Versions) -> Decision:
    """No orders, in the shape asked for."""
    shape = (rows, len(live.lanes), len(live.skus))
    source: Source = "fallback"
    return Decision(
        orders=np.zeros(shape, np.int64),
        held=np.zeros(shape, np.int64),
        needs_approval=np.zeros(shape[:2], np.bool_),
        raw_orders=np.zeros(shape, np.float32),
        source=(source,) * rows,
        reasons=(tuple(reasons),) * rows,
        versions=versions,
        contained=np.ones(shape, np.bool_),
        cut_by=np.zeros(shape, np.uint16),
        explanations={name: np.full(shape, np.nan, np.float32) for name in EXPLANATIONS},
        lanes=live.lanes,
        skus=live.skus,
        maintenance=None if live.units is None else np.zeros((rows, len(live.units)), np.bool_),
        raw_maintenance=None if live.units is None else np.zeros((rows, len(live.units)), np.float32),
        units=live.units or (),
    )


def joined(rows: int, pieces: Iterable[Decision]) -> Decision:
    """One decision of consecutive pieces; each is let go of as soon as it is copied."""
    result: Decision | None = None
    source: list[Source] = []
    reasons: list[tuple[Reason, ...]] = []
    for piece in pieces:
        if result is None:
            result = _room_for(rows, piece)
        place = slice(len(source), len(source) + len(piece.source))
        for name in _ARRAYS:
            getattr(result, name)[place] = getattr(piece, name)
        if result.maintenance is not None and result.raw_maintenance is not None:
            result.maintenance[place] = piece.maintenance
            result.raw_maintenance[place] = piece.raw_maintenance
        for name, values in piece.explanations.items():
            result.explanations[name][place] = values
        source.extend(piece.source)
        reasons.extend(piece.reasons)
    assert result is not None  # there is at least one piece
    return replace(result, source=tuple(source), reasons=tuple(reasons))


_ARRAYS = ("orders", "held", "needs_approval", "raw_orders", "contained", "cut_by")


def _room_for(rows: int, piece: Decision) -> Decision:
    arrays = {name: np.zeros((rows, *getattr(piece, name).shape[1:]), getattr(piece, name).dtype) for name in _ARRAYS}
    why = {name: np.zeros((rows, *values.shape[1:]), values.dtype) for name, values in piece.explanations.items()}
    decided = piece.maintenance
    return Decision(
        **arrays,
        source=(),
        reasons=(),
        versions=piece.versions,
        explanations=why,
        lanes=piece.lanes,
        skus=piece.skus,
        maintenance=None if decided is None else np.zeros((rows, decided.shape[1]), np.bool_),
        raw_maintenance=None if decided is None else np.zeros((rows, decided.shape[1]), np.float32),
        units=piece.units,
    )
