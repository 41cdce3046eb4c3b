"""The account of a history: every row is used, added to another, not needed, or left out for a reason."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_LINES = 5
"""How many line numbers a report shows for each kind of problem."""

SHOWN_GAPS = 3
"""How many gaps a report names."""


@dataclass(frozen=True)
class Problem:
    """Rows of one kind that were left out."""

    reason: str
    lines: tuple[int, ...]

    def __str__(self) -> str:
        shown = ", ".join(str(line) for line in self.lines[:SHOWN_LINES])
        more = ", …" if len(self.lines) > SHOWN_LINES else ""
        rows, line = ("row", "line") if len(self.lines) == 1 else ("rows", "lines")
        return f"{len(self.lines):,} {rows}: {self.reason} ({line} {shown}{more})"


@dataclass(frozen=True)
class RecordReport:
    """What was read, what was left out and why."""

    path: str
    rows: int
    usable: int  # rows without a problem
    first_day: str
    last_day: str
    places: tuple[str, ...]  # every market or country that has a usable row
    days_without_sales: int
    gaps: tuple[tuple[str, str], ...]  # first and last day of every long run of days without a sale
    problems: tuple[Problem, ...] = ()
    other_countries: int = 0  # rows of countries that stand for no market
    others: tuple[Problem, ...] = ()  # rows of markets and SKUs that the network doesn't have
    added_up: int = 0  # rows that were added to an earlier one of the same date, SKU and place
    same_again: int = 0  # of these, rows with the units of an earlier one, too
    remarks: tuple[str, ...] = ()  # how the file was read, and what looks odd in it

    @property
    def left_out(self) -> int:
        """Number of rows that have a problem."""
        return self.rows - self.usable

    @property
    def of_others(self) -> int:
        """Number of rows of markets and SKUs that the network doesn't have."""
        return sum(len(problem.lines) for problem in self.others)

    def lines(self) -> list[str]:
        """The report, a line for each thing a person should know."""
        used = f"{self.usable:,} of {self.rows:,} rows usable"
        found = [f"{self.path}: {used}, {self.first_day} to {self.last_day}"]
        return found + self.shortcomings()

    def shortcomings(self) -> list[str]:
        """The same without the first line: what was left out, added up, recognised, or looks odd."""
        found = [str(problem) for problem in (*self.problems, *self.others)]
        if self.added_up:
            again = f"; {self.same_again:,} of them have the same units, too" if self.same_again else ""
            found.append(f"{self.added_up:,} rows were added to others of the same date, SKU and place{again}")
        if self.other_countries:
            found.append(f"{self.other_countries:,} rows are of countries that stand for no market: not needed")
        found += self.remarks
        if self.days_without_sales:
            found.append(f"{self.days_without_sales:,} days have no sale at all: closed, or missing from the records")
        found += [
            f"no sale from {first} to {last}: closed, or a gap in the records?"
            for first, last in self.gaps[:SHOWN_GAPS]
        ]
        if (more := len(self.gaps) - SHOWN_GAPS) > 0:
            found.append(f"{more} more such {'gap' if more == 1 else 'gaps'}")
        return found
