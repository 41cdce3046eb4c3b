"""What a run tells while it goes on: one kind of event, from the first tuned cover to the last judged day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an event is about."""

    WORLD = "world"  # the network and its demand are read; `text` says what they are
    WARNING = "warning"  # `text` is what is right in form and likely wrong in fact
    NOTE = "note"  # `text` is something else that a person should know
    TUNING = "tuning"  # a gradient step of the base stock
    TUNED = "tuned"  # `text` says what was spent on it, and what it costs
    BEGUN = "begun"  # training is about to start
    ITERATION = "iteration"  # of training, with `figures`
    TRAINED = "trained"  # `text` says how it ended
    JUDGING = "judging"  # episode-days of the policy that `text` names


@dataclass(frozen=True)
class Figures:
    """Of one iteration of training, and of the validation after it if there was one."""

    cost_usd_per_day: float  # while sampling
    fill_rate: float  # while sampling
    environment_days: int  # sampled in this iteration
    training_seconds: float  # so far, validation left out
    process: int  # that trained
    validation_cost_usd_per_day: float | None = None
    validation_fill_rate: float | None = None
    seconds_to_beat_base_stock: float | None = None  # of training; None: not yet


@dataclass(frozen=True)
class Event:
    """Something that happened in a run."""

    kind: Kind
    done: int = 0  # steps, iterations or episode-days, by the kind
    total: int = 0
    text: str = ""
    figures: Figures | None = None


Observer = Callable[[Event], None]
"""Whoever wants to know: a progress bar, a log, a study."""


def nobody(event: Event) -> None:
    """The observer that looks away."""
