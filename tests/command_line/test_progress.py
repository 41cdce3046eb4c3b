"""What a log gets to see of a run that goes on."""

import io

from rich.console import Console

from entrepot.command_line.progress import shown
from entrepot.training.events import Event, Figures, Kind


def logged(events: list[Event]) -> list[str]:
    stream = io.StringIO()
    with shown(Console(file=stream, width=200, markup=False, force_terminal=False)) as observe:
        for event in events:
            observe(event)
    return stream.getvalue().splitlines()


def test_tuning_and_judging_tell_each_tenth_in_a_plain_line() -> None:
    rules = ("base_stock", "s_S")
    lines = logged([Event(Kind.TUNING, step, 120, f"{rule}: loss 0.5") for rule in rules for step in range(1, 121)])
    assert len(lines) == 2 * 11
    for rule, told in zip(rules, (lines[:11], lines[11:]), strict=True):
        assert told[0] == f"tuning {rule}: 1 of 120: loss 0.5"
        assert told[-1] == f"tuning {rule}: 120 of 120: loss 0.5"
    lines = logged([Event(Kind.JUDGING, done, 900, name) for name in ("a", "b") for done in range(90, 901, 90)])
    assert [line for line in lines if "900 of 900" in line] == [
        f"evaluating {name}: 900 of 900: episode-days" for name in "ab"
    ]


def test_every_validation_is_told_and_iterations_between_them_by_tenths() -> None:
    def iteration(done: int, validated: float | None) -> Event:
        figures = Figures(100.0, 0.9, 10, 1.0, 1, validation_cost_usd_per_day=validated)
        return Event(Kind.ITERATION, done, 100, figures=figures)

    lines = logged([iteration(done, 90.0 if done % 5 == 0 else None) for done in range(1, 101)])
    assert sum("validation 90" in line for line in lines) == 20
    assert len(lines) == 21
    assert lines[-1].startswith("training: 100 of 100: 100 USD/day")


def test_no_escape_codes_and_no_bars_get_into_a_log() -> None:
    lines = logged(
        [Event(Kind.BEGUN, total=4), Event(Kind.TRAINED, 4, text="4 iterations"), Event(Kind.NOTE, text="x")]
    )
    assert lines == ["training: 0 of 4: starting", "trained 4 iterations", "note x"]
