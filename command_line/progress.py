"""A run's events as bars in a terminal, and as plain lines where the output is none: a log, a file, a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from entrepot.command_line.tables import headed
from entrepot.training.events import Event, Figures, Kind, Observer

LABELS = {Kind.TUNED: "base_stock", Kind.TRAINED: "trained", Kind.NOTE: "note"}


TENTHS = 10
"""Where the output is no terminal, what goes on tells so many times how far it is."""


@contextmanager
def shown(out: Console) -> Iterator[Observer]:
    """An observer that shows what it is told."""
    if not out.is_terminal:
        yield _Shown(out, _Lines(out))
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}", markup=False),
        console=out,
    ) as bar:
        yield _Shown(out, _Bars(bar))


class _Drawn(Protocol):
    def __call__(self, name: str, event: Event, status: str) -> None:
        """Show how far what has this name is."""


class _Shown:
    def __init__(self, out: Console, draw: _Drawn) -> None:
        self._out, self._draw = out, draw

    def __call__(self, event: Event) -> None:
        if event.kind == Kind.WORLD:
            for line in event.text.splitlines():
                label, _, text = line.partition(": ")
                self._say(label, text)
        elif event.kind == Kind.WARNING:
            self._out.print(Text(f"warning: {event.text}", style="yellow"), soft_wrap=True)
        elif event.kind in LABELS:
            self._say(LABELS[event.kind], event.text)
        elif event.kind == Kind.TUNING:
            rule, _, status = event.text.partition(": ")
            self._draw(f"tuning {rule}", event, status)
        elif event.kind == Kind.BEGUN:
            self._draw("training", event, "starting")
        elif event.kind == Kind.JUDGING:
            self._draw(f"evaluating {event.text}", event, "episode-days")
        elif event.figures is not None:
            self._draw("training", event, _status(event.figures, event.done))

    def _say(self, label: str, text: str) -> None:
        self._out.print(headed(label, f" {text}" if label else text), soft_wrap=True)


class _Bars:
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, Any] = {}

    def __call__(self, name: str, event: Event, status: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=event.total, status="")
        self._bar.update(self._tasks[name], completed=event.done, total=event.total, status=status)


class _Lines:
    """A line at the beginning, at each tenth, and after each validation."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._told: dict[str, int] = {}

    def __call__(self, name: str, event: Event, status: str) -> None:
        tenth = TENTHS * event.done // max(event.total, 1)
        validated = event.figures is not None and event.figures.validation_cost_usd_per_day is not None
        if tenth <= self._told.get(name, -1) and not validated:
            return
        self._told[name] = tenth
        line = f"{name}: {event.done:,} of {event.total:,}"
        self._out.print(f"{line}: {status}" if status else line, soft_wrap=True)


def _status(figures: Figures, iterations: int) -> str:
    speed = figures.environment_days * iterations / max(figures.training_seconds, 1e-9)
    text = f"{figures.cost_usd_per_day:,.0f} USD/day  fill {figures.fill_rate:.1%}  {speed:,.0f} env-steps/s"
    if figures.validation_cost_usd_per_day is not None:
        text += f"  validation {figures.validation_cost_usd_per_day:,.0f}"
    return text
